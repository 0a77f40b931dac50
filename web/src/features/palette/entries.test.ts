import { expect, test } from "vitest"
import { findEntries, type PaletteEntry, type PaletteGroup, stepTo } from "./entries"

const entry = (label: string, otherWords?: string): PaletteEntry => ({
  id: label,
  label,
  otherWords,
  icon: null,
  run: () => {},
})

const GROUPS: PaletteGroup[] = [
  {
    id: "services",
    title: "Services",
    entries: [
      entry("Invoice worker", "in.nordlys.example"),
      entry("Payments webhook", "hooks.nordlys.example/stripe"),
      entry("Stripe mirror"),
    ],
    most: { idle: 2, found: 5 },
  },
  {
    id: "pages",
    title: "Pages",
    entries: [entry("Members", "people")],
    most: { idle: 0, found: 5 },
  },
  { id: "commands", title: "Commands", entries: [entry("Log out")], most: { idle: 5, found: 5 } },
]

const shown = (typed: string) =>
  findEntries(GROUPS, typed).map(({ title, entries }) => [title, ...entries.map((e) => e.label)])

test("before anything is typed the first of each group stand there", () => {
  expect(shown(" ")).toEqual([
    ["Services", "Invoice worker", "Payments webhook"],
    ["Commands", "Log out"],
  ])
})

test("what shows the words stands before what is found by an address", () => {
  expect(shown("stripe")).toEqual([["Services", "Stripe mirror", "Payments webhook"]])
})

test("what is found by a word that is not shown has no mark", () => {
  const [group] = findEntries(GROUPS, "people")

  expect(group?.entries[0]).toMatchObject({ label: "Members", ranges: [] })
})

test("words that fit to nothing leave nothing", () => {
  expect(shown("qqq")).toEqual([])
})

test.each([
  ["ArrowDown", 0, 3, 1],
  ["ArrowDown", 2, 3, 0],
  ["ArrowUp", 0, 3, 2],
  ["ArrowUp", 1, 3, 0],
  ["ArrowDown", 0, 0, null],
  ["a", 0, 3, null],
])("%s from %i of %i leads to %j", (key, at, count, expected) => {
  expect(stepTo(key, at, count)).toBe(expected)
})
