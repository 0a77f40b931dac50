import { expect, test } from "vitest"
import { loginHref, nextPath } from "@/lib/session"

test.each([
  ["", "/"],
  ["?next=%2Fworkspaces%2Fw1%3Fopen%3Ds1", "/workspaces/w1?open=s1"],
  ["?next=https%3A%2F%2Fevil.example", "/"],
  ["?next=%2F%2Fevil.example", "/"],
  ["?next=%2F%5Cevil.example", "/"],
  ["?next=%2F%09%2Fevil.example", "/"],
  ["?next=%2F%0A%5Cevil.example", "/"],
  ["?next=%2F%0D%0A%2Fevil.example", "/"],
  ["?next=javascript%3Aalert(1)", "/"],
])("after the log-in %s leads to %s", (search, path) => {
  expect(nextPath(search)).toBe(path)
})

test("the log-in remembers the page that was left", () => {
  expect(loginHref({ pathname: "/workspaces/w1", search: "?open=s1" })).toBe(
    "/login?next=%2Fworkspaces%2Fw1%3Fopen%3Ds1",
  )
  expect(loginHref({ pathname: "/", search: "" })).toBe("/login")
})
