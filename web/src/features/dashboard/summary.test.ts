import { expect, test } from "vitest"
import type { Counts } from "@/api"
import { makeStrip } from "@/testing/factories"
import { addCounts, worstOfAll, writeHeadline } from "./summary"

const NONE: Counts = { up: 0, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0 }

test.each<[string, Partial<Counts>, string | null, string]>([
  ["nothing", {}, null, "Nothing is watched yet."],
  ["one green", { up: 1 }, null, "Your service is green."],
  ["all green", { up: 20 }, null, "All twenty services are green."],
  ["green and paused", { up: 21, paused: 1 }, null, "21 services are green."],
  ["one down", { down: 1, up: 20 }, "One service is down.", "Twenty are green."],
  ["down and slow", { down: 2, degraded: 1, up: 9 }, "Two services are down.", "One is slow."],
  ["slow", { degraded: 2, up: 1 }, null, "Two services are slow. One is green."],
  ["all down", { down: 1 }, "One service is down.", ""],
  ["new", { unknown: 3 }, null, "Three services are not known yet."],
  ["all paused", { paused: 2 }, null, "Everything is paused."],
  ["maintenance", { maintenance: 1, paused: 1 }, null, "Planned work is under way."],
])("%s is said in a sentence", (_, counts, alarm, calm) => {
  expect(writeHeadline({ ...NONE, ...counts })).toEqual({ alarm, calm })
})

test("services of all workspaces are counted together", () => {
  const sum = addCounts([
    { counts: { ...NONE, up: 5, down: 1 } },
    { counts: { ...NONE, up: 11, paused: 1 } },
  ])

  expect(sum).toEqual({ ...NONE, up: 16, down: 1, paused: 1 })
})

test("a day is as it was where it was worst", () => {
  const a = makeStrip({ grades: "uunud", details: [[4, 99, 10, 96, 1]] })
  const b = makeStrip({
    grades: "xunmp",
    details: [
      [0, 10, 800, 96, 80],
      [4, 80, 90, 96, 20],
    ],
  })

  expect(worstOfAll([a, b])).toMatchObject({
    grades: "xunup",
    details: [
      [0, 10, 800, 96, 80],
      [4, 80, 90, 96, 20],
    ],
  })
})

test("workspaces of another age end on the same day", () => {
  const strips = [makeStrip({ grades: "uuu" }), makeStrip({ grades: "xd" })]

  expect(worstOfAll(strips)?.grades).toBe("uxd")
})
