import { describe, expect, test } from "vitest"
import type { Counts } from "@/api"
import { listFacts, worstState, writeLead } from "./facts"

const SINCE = "2026-04-14T23:18:00Z"

const counts = (over: Partial<Counts> = {}): Counts => ({
  up: 0,
  degraded: 0,
  down: 0,
  unknown: 0,
  paused: 0,
  maintenance: 0,
  ...over,
})

const words = (over: Partial<Counts>) =>
  listFacts({ counts: counts(over), down_since: SINCE }).map((fact) => fact.words)

describe("the sentence about now", () => {
  test("tells every state that occurs, the worst first", () => {
    expect(words({ up: 5, degraded: 1, down: 1, unknown: 2, paused: 1, maintenance: 1 })).toEqual([
      "1 down",
      "1 slow",
      "2 not known",
      "1 in maintenance",
      "5 green",
      "1 paused",
    ])
  })

  test("says nothing of what does not occur", () => {
    expect(words({ up: 9 })).toEqual(["9 green"])
  })
})

describe("the tab", () => {
  test.each<[string, Partial<Counts>, string, string]>([
    ["down", { down: 1, degraded: 2, up: 1 }, "1 down · ", "down"],
    ["slow", { degraded: 2, up: 1 }, "2 slow · ", "degraded"],
    ["green", { up: 1, paused: 3, unknown: 1 }, "", "up"],
    ["not known", { unknown: 2, maintenance: 1 }, "", "unknown"],
    ["empty", {}, "", "unknown"],
  ])("of a workspace that is %s tells the worst", (_, over, lead, worst) => {
    expect(writeLead(counts(over))).toBe(lead)
    expect(worstState(counts(over))).toBe(worst)
  })
})
