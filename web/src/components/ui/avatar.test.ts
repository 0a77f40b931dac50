import { expect, test } from "vitest"
import { initials } from "@/components/ui/avatar"

test.each([
  ["Sofia Lindqvist", "SL"],
  ["Amara Ngozi Okafor", "AO"],
  ["plato", "P"],
  ["  ", ""],
  ["Åse Ødegård", "ÅØ"],
])("the initials of %s are %s", (name, letters) => {
  expect(initials(name)).toBe(letters)
})
