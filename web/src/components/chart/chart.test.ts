import { describe, expect, test } from "vitest"
import {
  hasEnoughChecks,
  type LatencyBucket,
  type LatencySeries,
  layoutChart,
  markAt,
  markForKey,
  tickLabel,
  valueTicks,
} from "./chart"

const HOUR = 3_600_000
const START = Date.parse("2026-04-14T00:00:00Z")
const SIZE = { width: 660, height: 220 }

const hour = (n: number) => new Date(START + n * HOUR).toISOString()

const bucket = (n: number, over: Partial<LatencyBucket> = {}): LatencyBucket => ({
  at: hour(n),
  p50_ms: 200,
  p95_ms: 300,
  checks: 60,
  failed: 0,
  ...over,
})

const series = (over: Partial<LatencySeries> = {}): LatencySeries => ({
  from: hour(0),
  to: hour(6),
  bucket_s: 3600,
  limit_ms: null,
  buckets: [0, 1, 2, 3, 4, 5].map((n) => bucket(n)),
  outages: [],
  ...over,
})

const chart = (over: Partial<LatencySeries> = {}, size = SIZE) =>
  layoutChart(series(over), "UTC", size)

const points = (path: string | undefined) => (path?.match(/[ML]/g) ?? []).length

describe("the line", () => {
  test("joins buckets that follow one another", () => {
    const { runs, dots } = chart()

    expect(runs.map((run) => points(run.line))).toEqual([6])
    expect(dots).toEqual([])
  })

  test("is not joined over a bucket without answers", () => {
    const silent = bucket(2, { p50_ms: null, p95_ms: null, failed: 60 })
    const { runs } = chart({ buckets: [0, 1, 2, 3, 4].map((n) => (n === 2 ? silent : bucket(n))) })

    expect(runs.map((run) => points(run.line))).toEqual([2, 2])
  })

  test("is not joined over a bucket that is missing", () => {
    const { runs } = chart({ buckets: [0, 1, 3, 4, 5].map((n) => bucket(n)) })

    expect(runs.map((run) => points(run.line))).toEqual([2, 3])
  })

  test("is not joined over an outage, however short", () => {
    const from = new Date(START + 2.6 * HOUR).toISOString()
    const to = new Date(START + 2.7 * HOUR).toISOString()
    const { runs } = chart({ outages: [{ from, to }] })

    expect(runs.map((run) => points(run.line))).toEqual([3, 3])
  })

  test("shows no point inside an outage", () => {
    const { marks } = chart({ outages: [{ from: hour(2), to: hour(3) }] })

    expect(marks.map((mark) => mark.y === null)).toEqual([false, false, true, false, false, false])
  })

  test("is replaced by dots where a bucket has fewer than five answers", () => {
    const buckets = [0, 1, 2, 3, 4, 5].map((n) => bucket(n, { checks: 4 }))
    const { runs, dots } = chart({ buckets })

    expect(runs).toEqual([])
    expect(dots).toHaveLength(6)
  })

  test("failed checks are no answers", () => {
    const { runs } = chart({ buckets: [bucket(0, { checks: 8, failed: 4 }), bucket(1)] })

    expect(runs).toEqual([])
  })

  test("a bucket alone between two gaps is a dot", () => {
    const { runs, dots } = chart({ buckets: [bucket(0), bucket(1), bucket(3)] })

    expect(runs).toHaveLength(1)
    expect(dots).toHaveLength(1)
  })

  test("the band runs out along p95 and back along p50", () => {
    expect(points(chart().runs[0]?.band)).toBe(12)
  })
})

describe("the axes", () => {
  test("start at zero and reach over the highest value", () => {
    const { valueTicks: ticks } = chart()

    expect(ticks.map((tick) => tick.label)).toEqual([
      "0\u00a0ms",
      "100\u00a0ms",
      "200\u00a0ms",
      "300\u00a0ms",
    ])
  })

  test("always hold the limit", () => {
    const { limit, area } = chart({ limit_ms: 800 })

    expect(limit?.label).toBe("limit 800\u00a0ms")
    expect(limit?.y).toBeGreaterThan(area.top)
    expect(limit?.y).toBeLessThan(area.bottom)
  })

  test.each([
    [300, 4, [0, 100, 200, 300]],
    [896, 4, [0, 250, 500, 750, 1000]],
    [1000, 4, [0, 250, 500, 750, 1000]],
    [1001, 4, [0, 500, 1000, 1500]],
    [11200, 4, [0, 5000, 10000, 15000]],
    [0.8, 4, [0, 0.2, 0.4, 0.6000000000000001, 0.8]],
    [900, 2, [0, 500, 1000]],
  ])("up to %f with about %i steps are round", (highest, wanted, expected) => {
    expect(valueTicks(highest, wanted)).toEqual(expected)
  })

  test.each([
    [0, "0\u00a0ms"],
    [0.6000000000000001, "0.6\u00a0ms"],
    [750, "750\u00a0ms"],
    [1000, "1\u00a0s"],
    [1250, "1.25\u00a0s"],
  ])("label %f exactly", (ms, label) => {
    expect(tickLabel(ms)).toBe(label)
  })

  test("have half the time labels on a narrow graph", () => {
    const week = { from: "2026-04-08T00:00:00Z", to: "2026-04-15T00:00:00Z" }

    expect(chart(week).timeTicks).toHaveLength(7)
    expect(chart(week, { width: 340, height: 190 }).timeTicks).toHaveLength(4)
  })

  test("stand when nothing answered at all", () => {
    const buckets = [0, 1].map((n) => bucket(n, { p50_ms: null, p95_ms: null, failed: 60 }))

    expect(chart({ buckets }).valueTicks.at(-1)?.label).toBe("1\u00a0s")
  })
})

describe("outages", () => {
  test("are as wide as they were long", () => {
    const { outages, area } = chart({ outages: [{ from: hour(0), to: hour(3) }] })

    expect(outages).toEqual([{ x: area.left, width: (area.right - area.left) / 2 }])
  })

  test("stay visible when short, inside the graph", () => {
    const [outage] = chart({ outages: [{ from: hour(6), to: null }] }).outages

    expect(outage?.width).toBe(3)
    expect((outage?.x ?? 0) + 3).toBe(SIZE.width - 8)
  })

  test("that are open reach to the right side", () => {
    const { outages, area } = chart({ outages: [{ from: hour(5), to: null }] })

    expect((outages[0]?.x ?? 0) + (outages[0]?.width ?? 0)).toBeCloseTo(area.right, 1)
  })

  test("before the window are cut at its left side", () => {
    const { outages, area } = chart({ outages: [{ from: hour(-5), to: hour(1) }] })

    expect(outages[0]?.x).toBe(area.left)
  })
})

describe("moving over the buckets", () => {
  test("the nearest bucket is found", () => {
    const model = chart()

    expect(markAt(model, model.area.left)).toBe(0)
    expect(markAt(model, (model.marks[3]?.x ?? 0) + 4)).toBe(3)
    expect(markAt(model, 9999)).toBe(5)
  })

  test.each([
    ["ArrowLeft", 3, 2],
    ["ArrowRight", 3, 4],
    ["Home", 3, 0],
    ["End", 3, 5],
    ["ArrowLeft", 0, 0],
    ["ArrowRight", 5, 5],
    ["PageDown", 0, 1],
  ])("%s on bucket %i leads to %i", (key, from, to) => {
    expect(markForKey(key, from, series())).toBe(to)
  })

  test("a page of a long range is a twelfth of it", () => {
    const buckets = Array.from({ length: 85 }, (_, n) => bucket(n))

    expect(markForKey("PageUp", 80, series({ buckets, bucket_s: 3600 }))).toBe(73)
  })

  test("other keys are left to the page", () => {
    expect(markForKey("Tab", 3, series())).toBeNull()
  })
})

describe("few checks", () => {
  test.each([
    [4, false],
    [5, true],
  ])("%i checks in all: a graph is %s", (checks, drawn) => {
    expect(hasEnoughChecks(series({ buckets: [bucket(0, { checks })] }))).toBe(drawn)
  })
})
