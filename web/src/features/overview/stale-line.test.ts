import { expect, test } from "vitest"
import { findStaleSince } from "./stale-line"

const MINUTE = 60_000

test.each<[string, Parameters<typeof findStaleSince>, number | null]>([
  ["while updates arrive", [{ connected: true }, 0, 10 * MINUTE], null],
  ["right after they stopped", [{ connected: false, since: 9.5 * MINUTE }, 0, 10 * MINUTE], null],
  [
    "while the page still refreshes by itself",
    [{ connected: false, since: 0 }, 9.5 * MINUTE, 10 * MINUTE],
    null,
  ],
  [
    "once two refreshes were missed",
    [{ connected: false, since: 2 * MINUTE }, 7 * MINUTE, 10 * MINUTE],
    7 * MINUTE,
  ],
])("a page is stale or not %s", (_, [live, updatedAt, now], since) => {
  expect(findStaleSince(live, updatedAt, now)).toBe(since)
})
