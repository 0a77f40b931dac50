import { describe, expect, test } from "vitest"
import { localMidnights, timeTicks } from "./chart-time"

const at = (time: string) => Date.parse(time)
const iso = (instants: number[]) => instants.map((instant) => new Date(instant).toISOString())

describe("local midnights", () => {
  test.each([
    ["UTC", ["2026-04-14T00:00:00.000Z", "2026-04-15T00:00:00.000Z"]],
    ["Europe/Stockholm", ["2026-04-13T22:00:00.000Z", "2026-04-14T22:00:00.000Z"]],
    ["Asia/Kathmandu", ["2026-04-13T18:15:00.000Z", "2026-04-14T18:15:00.000Z"]],
  ])("of %s are where its days begin", (zone, expected) => {
    expect(
      iso(localMidnights(at("2026-04-13T12:00:00Z"), at("2026-04-15T06:00:00Z"), zone)),
    ).toEqual(expected)
  })

  test.each([
    ["spring, 23 hours", "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z", 23],
    ["autumn, 25 hours", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z", 25],
  ])("are as far apart as the day is long in %s", (_, from, to, hours) => {
    const [first = 0, second = 0] = localMidnights(at(from), at(to), "Europe/Stockholm")

    expect((second - first) / 3_600_000).toBe(hours)
  })
})

describe("labels of the time axis", () => {
  const labels = (from: string, to: string, zone = "UTC") =>
    timeTicks(at(from), at(to), zone).map((tick) => tick.label)

  test("a day is labelled by its hours, in the zone", () => {
    expect(labels("2026-04-13T12:30:00Z", "2026-04-14T12:30:00Z", "Europe/Stockholm")).toEqual([
      "16:00",
      "20:00",
      "00:00",
      "04:00",
      "08:00",
      "12:00",
    ])
  })

  test("a week is labelled by its weekdays", () => {
    expect(labels("2026-04-08T00:00:00Z", "2026-04-15T00:00:00Z")).toEqual([
      "Wed 8",
      "Thu 9",
      "Fri 10",
      "Sat 11",
      "Sun 12",
      "Mon 13",
      "Tue 14",
    ])
  })

  test("a weekday's label stands at noon", () => {
    const [first] = timeTicks(at("2026-04-08T00:00:00Z"), at("2026-04-15T00:00:00Z"), "UTC")

    expect(new Date(first?.at ?? 0).toISOString()).toBe("2026-04-08T12:00:00.000Z")
  })

  test.each([
    ["a month", "2026-03-15T00:00:00Z"],
    ["a quarter", "2026-01-14T00:00:00Z"],
  ])("%s is labelled by at most six dates", (_, from) => {
    const found = labels(from, "2026-04-14T00:00:00Z")

    expect(found.length).toBeGreaterThanOrEqual(5)
    expect(found.length).toBeLessThanOrEqual(6)
    expect(found[0]).toMatch(/^\d+ (Jan|Mar)$/)
  })
})
