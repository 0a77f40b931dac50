import { describe, expect, test } from "vitest"
import {
  type Box,
  dayAt,
  dayForKey,
  drawStrip,
  frameDay,
  layoutStrip,
  parseGrades,
  stripPaths,
} from "./strip"

const box = (over: Partial<Box> = {}): Box => ({ width: 900, height: 34, dpr: 1, ...over })

const paths = (grades: string, over: Partial<Box> = {}) =>
  stripPaths(parseGrades(grades), layoutStrip(grades.length, box(over)))

const classes = (grades: string) => paths(grades).map((path) => path.className)

const pieces = (d: string) => d.split("Z").length - 1

describe("grades", () => {
  test("an unknown letter is drawn as no data, never as health", () => {
    expect(parseGrades("u?x")).toEqual(["u", "n", "x"])
  })

  test("a state has one path for its body and one for its dark side, however many days it has", () => {
    expect(classes("u".repeat(90))).toEqual(["pf-u", "pe-u"])
  })

  test("every state is drawn by its own class", () => {
    expect(classes("udpxmn")).toEqual([
      "pf-u",
      "pe-u",
      "pf-d",
      "pe-d",
      "pf-p",
      "pe-p",
      "pf-x",
      "pe-x",
      "pf-n",
      "pf-m",
    ])
  })

  test.each([
    ["full", "u", 1],
    ["minor", "d", 2],
    ["partial", "p", 3],
    ["major", "x", 4],
  ])("a %s day is a pipe of as many pieces as its severity says", (_, letter, count) => {
    const [body, edge] = paths(letter)

    expect(pieces(body?.d ?? "")).toBe(count)
    expect(pieces(edge?.d ?? "")).toBe(count)
  })

  test("a day without data is a dash at mid-height, two pixels high", () => {
    expect(paths("n", { width: 10 })[0]?.d).toBe("M2 16h6v2h-6Z")
  })

  test("the texture of maintenance stays inside the strip", () => {
    const d = paths("m", { height: 34 })[0]?.d ?? ""
    const heights = [...d.matchAll(/[ V]([\d.-]+)/g)].map((match) => Number(match[1]))

    expect(Math.min(...heights)).toBe(0)
    expect(Math.max(...heights)).toBe(34)
  })
})

describe("layout", () => {
  test.each([
    ["a wide strip", 1080, 1],
    ["a narrow strip", 271, 1],
    ["a phone with three device pixels", 327, 3],
    ["a width that does not divide", 533.5, 1.5],
  ])("pipes of %s start on device pixels and are equally wide", (_, width, dpr) => {
    const layout = layoutStrip(90, box({ width, dpr }))

    for (const edge of [layout.pipeWidth, ...layout.lefts]) {
      expect(Math.abs(edge * dpr - Math.round(edge * dpr))).toBeLessThan(1e-6)
    }
  })

  test.each([90, 180, 240, 1400])("no pipe is under two pixels at a width of %i", (width) => {
    expect(layoutStrip(90, box({ width })).pipeWidth).toBeGreaterThanOrEqual(2)
  })

  test.each([
    [34, 4],
    [60, 5],
    [20, 3],
  ])("a strip %i pixels high is broken by %i pixels", (height, cut) => {
    expect(layoutStrip(90, box({ height })).cutHeight).toBe(cut)
  })
})

describe("moving over the days", () => {
  test.each([
    ["ArrowLeft", 50, 49],
    ["ArrowRight", 50, 51],
    ["PageUp", 50, 43],
    ["PageDown", 50, 57],
    ["Home", 50, 0],
    ["End", 50, 89],
    ["ArrowLeft", 0, 0],
    ["ArrowRight", 89, 89],
    ["PageUp", 3, 0],
    ["PageDown", 88, 89],
  ])("%s on day %i leads to day %i", (key, day, target) => {
    expect(dayForKey(key, day, 90)).toBe(target)
  })

  test("other keys are left to the page", () => {
    expect(dayForKey("a", 50, 90)).toBeNull()
    expect(dayForKey("ArrowDown", 50, 90)).toBeNull()
  })

  test.each([
    [0, 0],
    [9.9, 0],
    [10, 1],
    [899, 89],
    [-20, 0],
    [2000, 89],
  ])("the point %f lies on day %i", (x, day) => {
    expect(dayAt(layoutStrip(90, box()), x)).toBe(day)
  })
})

describe("drawing", () => {
  const newSvg = () => document.createElementNS("http://www.w3.org/2000/svg", "svg")

  test("drawing again replaces what stood there", () => {
    const svg = newSvg()

    drawStrip(svg, "uuu", box())
    drawStrip(svg, "uux", box({ width: 450 }))

    expect([...svg.children].map((child) => child.getAttribute("class"))).toEqual([
      "pf-u",
      "pe-u",
      "pf-x",
      "pe-x",
    ])
    expect(svg.getAttribute("viewBox")).toBe("0 0 450 34")
  })

  test("a pipe whose grade changed is drawn apart, to settle", () => {
    const svg = newSvg()

    drawStrip(svg, "uux", box({ width: 30 }), "uud")

    const group = svg.querySelector(".settle")
    expect([...(group?.children ?? [])].map((path) => path.getAttribute("class"))).toEqual([
      "pf-x",
      "pe-x",
    ])
    expect(svg.querySelectorAll(".pf-x")).toHaveLength(1)
    expect(pieces(svg.querySelector(".pf-u")?.getAttribute("d") ?? "")).toBe(2)
  })

  test("one day is framed at a time", () => {
    const svg = newSvg()
    const layout = drawStrip(svg, "uuu", box({ width: 30 }))

    frameDay(svg, layout, 0)
    frameDay(svg, layout, 2)

    const frames = svg.querySelectorAll(".sel")
    expect(frames).toHaveLength(1)
    expect(frames[0]?.getAttribute("x")).toBe("19")
  })

  test("the frame can be taken away", () => {
    const svg = newSvg()
    const layout = drawStrip(svg, "uuu", box())
    frameDay(svg, layout, 1)

    frameDay(svg, layout, null)

    expect(svg.querySelector(".sel")).toBeNull()
  })
})
