import { describe, expect, test } from "vitest"
import type { LatencyBucket, LatencySeries } from "./chart"
import { describeSeries, readBucket } from "./read-bucket"

const bucket = (over: Partial<LatencyBucket> = {}): LatencyBucket => ({
  at: "2026-04-12T23:00:00Z",
  p50_ms: 175.4,
  p95_ms: 260,
  checks: 60,
  failed: 0,
  ...over,
})

const silent = { p50_ms: null, p95_ms: null }

describe("a bucket", () => {
  test.each([
    ["an hour, in UTC", 3600, "UTC", "Sun 12, 23:00 UTC"],
    ["an hour, in another zone", 3600, "Asia/Tokyo", "Mon 13, 08:00 GMT+9"],
    ["a day", 86_400, "UTC", "Sun 12 Apr"],
  ])("of %s names its time", (_, seconds, zone, time) => {
    expect(readBucket(bucket(), seconds, zone).time).toBe(time)
  })

  test("tells median, 95th and checks", () => {
    expect(readBucket(bucket({ failed: 3 }), 3600, "UTC").facts).toEqual([
      { label: "Median (p50)", value: "175\u00a0ms" },
      { label: "95th (p95)", value: "260\u00a0ms" },
      { label: "Checks", value: "60 (3 failed)" },
    ])
  })

  test("without answers says so, and how many failed", () => {
    const reading = readBucket(bucket({ ...silent, failed: 60 }), 3600, "UTC")

    expect(reading.silence).toBe("No answer")
    expect(reading.sentence).toBe("Sun 12, 23:00 UTC: No answer, Failed 60 of 60 checks")
  })

  test("without checks is no outage", () => {
    const reading = readBucket(bucket({ ...silent, checks: 0 }), 3600, "UTC")

    expect(reading.silence).toBe("No checks")
    expect(reading.facts).toEqual([])
  })
})

describe("a series", () => {
  const series = (over: Partial<LatencySeries> = {}): LatencySeries => ({
    from: "2026-04-12T23:00:00Z",
    to: "2026-04-13T01:00:00Z",
    bucket_s: 3600,
    limit_ms: null,
    buckets: [bucket(), bucket({ p50_ms: 1240 })],
    outages: [],
    ...over,
  })

  test.each([
    ["no gap", 0, ""],
    ["one gap", 1, " One gap where it did not answer."],
    ["two gaps", 2, " 2 gaps where it did not answer."],
  ])("with %s is described in a sentence", (_, count, ending) => {
    const outages = Array.from({ length: count }, () => ({
      from: "2026-04-12T23:10:00Z",
      to: null,
    }))

    expect(describeSeries("Search", series({ outages }), "last 7 days")).toBe(
      `Response time of Search, last 7 days. Median between 175\u00a0ms and 1.2\u00a0s.${ending}`,
    )
  })

  test("that never answered is described without figures", () => {
    expect(describeSeries("Search", series({ buckets: [bucket(silent)] }), "last 7 days")).toBe(
      "Response time of Search, last 7 days. Nothing answered.",
    )
  })
})
