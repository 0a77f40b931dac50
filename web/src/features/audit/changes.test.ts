import { expect, test } from "vitest"
import { listChanges } from "./changes"

test.each([
  [
    "a period",
    { period: "every minute" },
    { period: "every hour" },
    "Period: every minute, every hour",
  ],
  [
    "a role",
    { account_id: "a1", role: "observer" },
    { account_id: "a1", role: "admin" },
    "Role: observer, admin",
  ],
  [
    "the limit of one of several checks",
    { "limit of check 2": "500 ms" },
    { "limit of check 2": "none" },
    "Limit of check 2: 500 ms, none",
  ],
  [
    "what is expected of one of several checks",
    { "expected of check 1": "200" },
    { "expected of check 1": "204" },
    "Correct means of check 1: 200, 204",
  ],
  ["a switch", { is_published: false }, { is_published: true }, "Public: no, yes"],
  [
    "a time zone",
    { time_zone: "UTC" },
    { time_zone: "Europe/Oslo" },
    "Time zone: UTC, Europe/Oslo",
  ],
  [
    "what was not there",
    {},
    { "check 2": "GET https://x.example" },
    "Check 2: nothing, GET https://x.example",
  ],
  ["what was emptied", { website: "x.example" }, { website: "" }, "Website: x.example, nothing"],
  [
    "all services, then two",
    { service_ids: null },
    { service_ids: ["a", "b"] },
    "Services on the page: all, 2\u00a0services",
  ],
  ["a secret", { token: "•••" }, { token: "•••" }, "Token: hidden, hidden"],
  ["people told", { told: "1" }, { told: "2" }, "People told: 1, 2"],
  ["an object of ours", { thing: { a: 1 } }, { thing: { a: 2 } }, "Thing: nothing, nothing"],
] as const)("%s reads in plain words", (_, before, after, words) => {
  const lines = listChanges({ before, after }).map(
    (one) => `${one.label}: ${one.before}, ${one.after}`,
  )

  expect(lines).toEqual([words])
})

test("ids and numbers of ours are nothing to read", () => {
  expect(
    listChanges({
      before: { owner: "a1" },
      after: { window_id: "w", version: 3, owner: "a2", health: "up" },
    }),
  ).toEqual([])
})
