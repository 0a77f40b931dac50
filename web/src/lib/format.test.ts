import { describe, expect, test } from "vitest"
import {
  formatAgo,
  formatChecksPer,
  formatDuration,
  formatMoment,
  formatMs,
  formatNoun,
  formatPct,
  formatPeriod,
  formatTime,
  toPeriod,
} from "@/lib/format"

/** Plain spaces are easier to read in a table than the non-breaking ones. */
const plain = (text: string) => text.replaceAll("\u00a0", " ")

test.each([
  [null, "—"],
  [0, "0 ms"],
  [183.6, "184 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [1240, "1.2 s"],
  [12_400, "12 s"],
])("%s ms is written %s", (ms, text) => {
  expect(plain(formatMs(ms))).toBe(text)
})

test.each([
  [null, "—"],
  [100, "100 %"],
  [99.999, "99.99 %"],
  [99.9999, "99.99 %"],
  [99.999_999_999, "99.99 %"],
  [99.99, "99.99 %"],
  [98.57, "98.57 %"],
  [0, "0.00 %"],
])("a percentage of %s is floored to %s", (pct, text) => {
  expect(plain(formatPct(pct))).toBe(text)
})

test("a unit never breaks away from its number", () => {
  expect(formatMs(184)).toBe("184\u00a0ms")
  expect(formatPct(99.98)).toBe("99.98\u00a0%")
})

test.each([
  [-3, "0 s"],
  [48.9, "48 s"],
  [42 * 60 + 59, "42 min"],
  [7 * 3600 + 51 * 60, "7 h 51 min"],
  [2 * 3600, "2 h"],
  [3 * 86_400 + 4 * 3600 + 59 * 60, "3 d 4 h"],
])("%s seconds last %s", (seconds, text) => {
  expect(plain(formatDuration(seconds))).toBe(text)
})

describe("moments", () => {
  const now = Date.parse("2026-04-15T00:10:00Z")

  test.each([
    ["2026-04-15T00:09:58Z", "just now"],
    ["2026-04-15T00:09:12Z", "48 s ago"],
    ["2026-04-14T20:00:00Z", "4 h 10 min ago"],
    ["2026-04-09T12:06:00Z", "Thu 9 Apr 12:06"],
  ])("%s was %s", (at, text) => {
    expect(plain(formatAgo(at, now, "UTC"))).toBe(text)
  })

  test.each([
    ["2026-04-15T00:00:00Z", "UTC", "Today 00:00"],
    ["2026-04-14T23:59:00Z", "UTC", "Yesterday 23:59"],
    ["2026-04-14T23:59:00Z", "Europe/Oslo", "Today 01:59"],
    ["2026-04-13T12:00:00Z", "UTC", "Mon 13 Apr 12:00"],
  ])("%s in %s is %s", (at, zone, text) => {
    expect(formatMoment(at, now, zone)).toBe(text)
  })

  test("midnight is written 00, never 24", () => {
    expect(formatTime("2026-04-15T00:00:00Z", "UTC")).toBe("00:00")
  })
})

test.each([
  [1, "1 service"],
  [9, "9 services"],
  [1440, "1,440 services"],
])("%s is counted as %s", (count, text) => {
  expect(plain(formatNoun(count, "service"))).toBe(text)
})

describe("periods", () => {
  test.each([
    [1, "every second"],
    [60, "every minute"],
    [90, "every 90 seconds"],
    [900, "every 15 minutes"],
    [86_400, "every day"],
    [1_209_600, "every 2 weeks"],
  ])("%s seconds are %s", (seconds, text) => {
    expect(plain(formatPeriod(toPeriod(seconds)))).toBe(text)
  })

  test.each([
    [900, "96 checks a day"],
    [86_400, "1 check a day"],
    [172_800, "3 checks a week"],
    [604_800, "1 check a week"],
    [1_209_600, "one check every 2 weeks"],
  ])("every %s seconds makes %s", (seconds, text) => {
    expect(plain(formatChecksPer(toPeriod(seconds)))).toBe(text)
  })
})
