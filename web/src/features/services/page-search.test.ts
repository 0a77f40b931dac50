import { expect, test } from "vitest"
import { readPageSearch } from "./page-search"

test.each([
  ["nothing", {}, {}],
  ["a group", { show: "look" }, { show: "look" }],
  ["a group nobody knows", { show: "loud" }, {}],
  ["words", { q: "checkout" }, { q: "checkout" }],
  ["words that look like a number", { q: 404 }, { q: "404" }],
  ["no words", { q: "" }, {}],
  ["an open row", { open: "s1" }, { open: "s1" }],
  ["a range", { range: "30d" }, { range: "30d" }],
  ["a range nobody knows", { range: "1y" }, {}],
  ["something strange", { open: { a: 1 }, q: ["x"] }, {}],
])("an address with %s is read", (_, search, expected) => {
  const read = Object.entries(readPageSearch(search)).filter(([, value]) => value !== undefined)

  expect(Object.fromEntries(read)).toEqual(expected)
})
