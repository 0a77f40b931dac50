import { expect, test } from "vitest"
import { makeStrip } from "@/testing/factories"
import { findDays } from "./days"

// From 15 January, so the last of its ninety days is 14 April 2026.
test.each([
  ["today", "2026-04-14T12:00:00Z", "2026-04-14T13:00:00Z", "UTC", { first: 89, last: 89 }],
  ["over midnight", "2026-04-13T23:00:00Z", "2026-04-14T01:00:00Z", "UTC", { first: 88, last: 89 }],
  ["not over", "2026-04-12T12:00:00Z", null, "UTC", { first: 87, last: 89 }],
  [
    "another day where the workspace is",
    "2026-04-13T22:30:00Z",
    "2026-04-13T22:40:00Z",
    "Europe/Stockholm",
    { first: 89, last: 89 },
  ],
  ["begun before", "2026-01-10T12:00:00Z", "2026-01-16T12:00:00Z", "UTC", { first: 0, last: 1 }],
  ["older", "2026-01-10T12:00:00Z", "2026-01-11T12:00:00Z", "UTC", null],
] as const)("an outage that is %s lies on its days", (_, began, ended, zone, days) => {
  expect(findDays(makeStrip({ zone }), began, ended)).toEqual(days)
})
