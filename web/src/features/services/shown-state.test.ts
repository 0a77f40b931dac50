import { afterEach, describe, expect, test, vi } from "vitest"
import type { ServiceRow } from "@/api"
import { makeServiceRow } from "@/testing/factories"
import { explainState, groupOf, groupServices, matches } from "./shown-state"

afterEach(() => {
  vi.useRealTimers()
})

describe("the group of a service", () => {
  test.each<[string, Partial<ServiceRow>, string]>([
    ["down", { shown: "down", reason: "503 instead of 200" }, "look"],
    ["slow", { shown: "degraded", reason: "Slower than 800 ms" }, "look"],
    ["not known, with a reason", { shown: "unknown", reason: "The watcher was away" }, "look"],
    ["not known, because new", { shown: "unknown" }, "quiet"],
    ["under check, with a suspicion", { shown: "checking", reason: "No answer" }, "look"],
    ["under check for the first time", { shown: "checking" }, "quiet"],
    ["up", { shown: "up" }, "quiet"],
    ["in maintenance", { shown: "maintenance" }, "quiet"],
    ["paused", { shown: "paused" }, "paused"],
  ])("that is %s", (_, over, group) => {
    expect(groupOf(makeServiceRow(over))).toBe(group)
  })

  test("has the worst first among those that need a look", () => {
    const { look } = groupServices([
      makeServiceRow({ id: "slow", shown: "degraded" }),
      makeServiceRow({ id: "down", shown: "down" }),
    ])

    expect(look.map((row) => row.id)).toEqual(["down", "slow"])
  })
})

describe("the line under a name", () => {
  test.each<[string, Partial<ServiceRow>, string | null]>([
    ["why it is down", { shown: "down", reason: "503 instead of 202" }, "503 instead of 202"],
    ["why it is slow", { shown: "degraded", reason: "Slower than 800 ms" }, "Slower than 800 ms"],
    [
      "who paused it, and when",
      { shown: "paused", paused_by: "Sofia", paused_at: "2026-03-31T10:00:00Z" },
      "Paused by Sofia on 31 March",
    ],
    ["that it is paused, when nobody knows by whom", { shown: "paused" }, "Paused"],
    ["that work is under way", { shown: "maintenance" }, "Planned work"],
    ["what is suspected", { shown: "checking", reason: "No answer" }, "No answer"],
    ["nothing when it is up", { shown: "up", reason: "No answer" }, null],
  ])("says %s", (_, over, line) => {
    expect(explainState(makeServiceRow(over))).toBe(line)
  })

  test.each([
    ["2026-04-14T23:30:00Z", null, "Planned work until 23:30"],
    ["2026-04-16T04:30:00Z", null, "Planned work until Thu 16 Apr 04:30"],
    ["2026-04-14T23:30:00Z", "No answer", "Planned work until 23:30: No answer"],
  ])("says until when work is planned (%s, %s)", (maintenance_until, reason, line) => {
    vi.setSystemTime("2026-04-14T22:00:00Z")
    const row = makeServiceRow({ shown: "maintenance", maintenance_until, reason })

    expect(explainState(row)).toBe(line)
  })

  test("dates a pause in the zone of the workspace", () => {
    const row = makeServiceRow({ shown: "paused", paused_at: "2026-03-31T23:30:00Z" })
    const tokyo = { ...row, strip: { ...row.strip, zone: "Asia/Tokyo" } }

    expect(explainState(tokyo)).toBe("Paused on 1 April")
  })
})

describe("the filter", () => {
  const row = makeServiceRow({ name: "Checkout API", address: "api.nordlys.example/health" })

  test.each([
    ["", true],
    ["checkout", true],
    ["  NORDLYS.example ", true],
    ["api api", false],
    ["billing", false],
  ])("for %j finds the service: %s", (words, isFound) => {
    expect(matches(row, words)).toBe(isFound)
  })
})
