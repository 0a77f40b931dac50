import { describe, expect, test } from "vitest"
import { makeStrip } from "@/testing/factories"
import { axisLabels } from "./axis-labels"
import { readDay } from "./read-day"

const grades = (over: Record<number, string> = {}) =>
  Array.from({ length: 90 }, (_, day) => over[day] ?? "u").join("")

describe("a day", () => {
  test("is dated by counting from the first, across a change to summer time", () => {
    const strip = makeStrip({ from: "2026-01-15", zone: "Europe/Stockholm" })

    expect(readDay(strip, 0).date).toBe("Thu 15 Jan")
    expect(readDay(strip, 84).date).toBe("Thu 9 Apr")
  })

  test.each([
    [89, "today"],
    [88, "yesterday"],
    [84, "5\u00a0d ago"],
  ])("number %i is %s", (day, age) => {
    expect(readDay(makeStrip(), day).age).toBe(age)
  })

  test.each([
    ["full", "u", "Healthy all day", "up"],
    ["minor", "d", "Mostly healthy", "degraded"],
    ["partial", "p", "Partly down", "partial"],
    ["major", "x", "Mostly down", "down"],
    ["maintenance", "m", "Planned maintenance", "maint"],
    ["none", "n", "No data", "nodata"],
  ])("of grade %s has its word and shape", (_, letter, word, glyph) => {
    const reading = readDay(makeStrip({ grades: grades({ 10: letter }) }), 10)

    expect(reading.word).toBe(word)
    expect(reading.glyph).toBe(glyph)
  })

  test("that is not over does not promise its rest", () => {
    expect(readDay(makeStrip(), 89).word).toBe("Healthy so far")
  })

  test("with failures tells uptime, downtime and checks", () => {
    const strip = makeStrip({
      grades: grades({ 84: "p" }),
      details: [[84, 67.29, 28_260, 1440, 471]],
    })

    expect(readDay(strip, 84).facts).toEqual([
      { label: "Uptime", value: "67.29\u00a0%" },
      { label: "Downtime", value: "7\u00a0h 51\u00a0min" },
      { label: "Checks", value: "1,440 (471 failed)" },
    ])
  })

  test("that is spoken names its percentage in words", () => {
    const strip = makeStrip({ grades: grades({ 84: "d" }), details: [[84, 99.99, 8, 1440, 1]] })

    expect(readDay(strip, 84).sentence).toBe(
      "Thu 9 Apr: Mostly healthy, Uptime 99.99\u00a0percent, Downtime 8\u00a0s, Checks 1,440 (1 failed)",
    )
  })

  test.each([
    ["m", "Planned work is not counted"],
    ["n", "No checks that day"],
  ])("of grade %s has a note and no figures", (letter, note) => {
    const reading = readDay(makeStrip({ grades: grades({ 3: letter }) }), 3)

    expect(reading.note).toBe(note)
    expect(reading.facts).toEqual([])
  })

  test("that is red without details claims nothing more", () => {
    expect(readDay(makeStrip({ grades: grades({ 3: "x" }) }), 3).facts).toEqual([])
  })
})

describe("the axis", () => {
  test("names the first day and the months", () => {
    expect(axisLabels(makeStrip({ from: "2026-01-15" }))).toEqual([
      { day: 0, label: "15 Jan" },
      { day: 17, label: "Feb" },
      { day: 45, label: "Mar" },
      { day: 76, label: "Apr" },
    ])
  })

  test("leaves out a month that would run into a neighbour", () => {
    const labels = axisLabels(makeStrip({ from: "2026-01-25" })).map(({ label }) => label)

    expect(labels).toEqual(["25 Jan", "Mar", "Apr"])
  })
})
