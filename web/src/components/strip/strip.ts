/**
 * The uptime strip: one pipe a day, drawn as one SVG path per state.
 *
 * No framework here: the React screens and the pages that the server renders draw the same pipes.
 */

/** A day as the API sends it: full, minor, partial, major, maintenance, none. */
export type GradeLetter = "u" | "d" | "p" | "x" | "m" | "n"

export interface DayMeaning {
  glyph: "up" | "degraded" | "partial" | "down" | "maint" | "nodata"
  word: string
  /** How often the pipe is broken: severity can be read without colour. */
  cuts: number
}

export const DAY_MEANINGS: Readonly<Record<GradeLetter, DayMeaning>> = {
  u: { glyph: "up", word: "Healthy all day", cuts: 0 },
  d: { glyph: "degraded", word: "Mostly healthy", cuts: 1 },
  p: { glyph: "partial", word: "Partly down", cuts: 2 },
  x: { glyph: "down", word: "Mostly down", cuts: 3 },
  m: { glyph: "maint", word: "Planned maintenance", cuts: 0 },
  n: { glyph: "nodata", word: "No data", cuts: 0 },
}

export interface Box {
  width: number
  height: number
  /** Device pixels per CSS pixel. */
  dpr: number
}

export interface StripLayout {
  count: number
  width: number
  height: number
  pitch: number
  pipeWidth: number
  edgeWidth: number
  cutHeight: number
  /** Left side of each pipe, on a device pixel. */
  lefts: readonly number[]
}

export interface StripPath {
  className: string
  d: string
}

const DRAW_ORDER = ["u", "d", "p", "x", "n", "m"] as const satisfies readonly GradeLetter[]

const MIN_PIPE_WIDTH = 2
const SELECTION_MARGIN = 3
const SVG_NAMESPACE = "http://www.w3.org/2000/svg"
const WEEK = 7

/** Read the letters of a strip; what this version does not know is drawn as no data. */
export function parseGrades(grades: string): GradeLetter[] {
  return Array.from(grades, (letter) => (isGradeLetter(letter) ? letter : "n"))
}

export function layoutStrip(count: number, box: Box): StripLayout {
  const { width, height, dpr } = box
  const pitch = width / Math.max(1, count)
  const pipeWidth = Math.max(MIN_PIPE_WIDTH, snap(pitch * fillRatio(pitch), dpr))
  const edgeWidth = Math.max(1 / dpr, snap(pipeWidth * (pipeWidth < 3 ? 0.25 : 0.32), dpr))
  const lefts = Array.from({ length: count }, (_, day) =>
    snap(day * pitch + (pitch - pipeWidth) / 2, dpr),
  )
  return {
    count,
    width,
    height,
    pitch,
    pipeWidth,
    edgeWidth,
    cutHeight: cutHeightFor(height),
    lefts,
  }
}

/** One path per state and part, whatever the number of days; a day that is `null` is left out. */
export function stripPaths(
  grades: readonly (GradeLetter | null)[],
  layout: StripLayout,
): StripPath[] {
  return DRAW_ORDER.flatMap((letter) => {
    const lefts = layout.lefts.filter((_, day) => grades[day] === letter)
    if (lefts.length === 0) {
      return []
    }
    return pathsOf(letter, lefts, layout)
  })
}

/** The day under a point, or the nearest one when the point lies outside. */
export function dayAt(layout: StripLayout, x: number): number {
  return clampDay(Math.floor(x / layout.pitch), layout.count)
}

/** The day that a key leads to, or `null` when the key is not one of the strip's. */
export function dayForKey(key: string, day: number, count: number): number | null {
  const targets = new Map([
    ["ArrowLeft", day - 1],
    ["ArrowRight", day + 1],
    ["PageUp", day - WEEK],
    ["PageDown", day + WEEK],
    ["Home", 0],
    ["End", count - 1],
  ])
  const target = targets.get(key)
  return target === undefined ? null : clampDay(target, count)
}

/**
 * Draw the strip into an `<svg>`, replacing what stood there.
 *
 * @param before The grades that were shown until now, for the same days. A pipe whose grade is
 *   another one settles once, see `strip.css`; without them nothing moves.
 */
export function drawStrip(
  svg: SVGSVGElement,
  grades: string,
  box: Box,
  before = grades,
): StripLayout {
  const letters = parseGrades(grades)
  const layout = layoutStrip(letters.length, box)
  const isChanged = (_: GradeLetter, day: number) => grades[day] !== before[day]
  svg.setAttribute("viewBox", `0 0 ${round(box.width)} ${round(box.height)}`)
  svg.replaceChildren(
    ...pathElements(letters, layout, (letter, day) => !isChanged(letter, day)),
    ...(grades === before ? [] : [settling(pathElements(letters, layout, isChanged))]),
  )
  return layout
}

/** Frame one day, or take the frame away. */
export function frameDay(svg: SVGSVGElement, layout: StripLayout, day: number | null): void {
  svg.querySelector(".sel")?.remove()
  const left = day === null ? undefined : layout.lefts[day]
  if (left === undefined) {
    return
  }
  svg.append(
    element("rect", {
      class: "sel",
      x: round(left - SELECTION_MARGIN),
      y: -SELECTION_MARGIN,
      width: round(layout.pipeWidth + 2 * SELECTION_MARGIN),
      height: round(layout.height + 2 * SELECTION_MARGIN),
      rx: round(layout.pipeWidth / 2 + 2),
    }),
  )
}

function pathElements(
  letters: readonly GradeLetter[],
  layout: StripLayout,
  isWanted: (letter: GradeLetter, day: number) => boolean,
): SVGElement[] {
  const wanted = letters.map((letter, day) => (isWanted(letter, day) ? letter : null))
  return stripPaths(wanted, layout).map(({ className, d }) =>
    element("path", { class: className, d }),
  )
}

function settling(paths: readonly SVGElement[]): SVGElement {
  const group = element("g", { class: "settle" })
  group.append(...paths)
  return group
}

function isGradeLetter(letter: string): letter is GradeLetter {
  return Object.hasOwn(DAY_MEANINGS, letter)
}

function pathsOf(letter: GradeLetter, lefts: readonly number[], layout: StripLayout): StripPath[] {
  if (letter === "n") {
    return [{ className: "pf-n", d: lefts.map((x) => dash(x, layout)).join("") }]
  }
  if (letter === "m") {
    return [{ className: "pf-m", d: lefts.map((x) => hatch(x, layout)).join("") }]
  }
  const pieces = pieceSpans(layout, DAY_MEANINGS[letter].cuts)
  return [
    { className: `pf-${letter}`, d: lefts.map((x) => body(x, pieces, layout)).join("") },
    { className: `pe-${letter}`, d: lefts.map((x) => edge(x, pieces, layout)).join("") },
  ]
}

interface Piece {
  top: number
  bottom: number
  isFirst: boolean
  isLast: boolean
}

function pieceSpans(layout: StripLayout, cuts: number): Piece[] {
  const height = (layout.height - layout.cutHeight * cuts) / (cuts + 1)
  return Array.from({ length: cuts + 1 }, (_, index) => {
    const top = index * (height + layout.cutHeight)
    return { top, bottom: top + height, isFirst: index === 0, isLast: index === cuts }
  })
}

/** The bright pipe: round at its two outer ends, straight at the breaks. */
function body(x: number, pieces: readonly Piece[], { pipeWidth: w }: StripLayout): string {
  return pieces
    .map(({ top, bottom, isFirst, isLast }) => {
      const r = Math.min(w / 2, (bottom - top) / 2)
      const head = isFirst
        ? `M${round(x)} ${round(top + r)}a${round(w / 2)} ${round(r)} 0 0 1 ${round(w)} 0`
        : `M${round(x)} ${round(top)}h${round(w)}`
      const foot = isLast
        ? `V${round(bottom - r)}a${round(w / 2)} ${round(r)} 0 0 1 ${round(-w)} 0Z`
        : `V${round(bottom)}h${round(-w)}Z`
      return head + foot
    })
    .join("")
}

/** The dark side: a slice of the pipe that follows the round of its ends. */
function edge(x: number, pieces: readonly Piece[], layout: StripLayout): string {
  const { pipeWidth: w, edgeWidth: e } = layout
  return pieces
    .map(({ top, bottom, isFirst, isLast }) => {
      const r = Math.min(w / 2, (bottom - top) / 2)
      const rise = r - Math.sqrt(Math.max(0, r * r - (r - e) ** 2))
      const head = isFirst
        ? `M${round(x)} ${round(top + r)}A${round(r)} ${round(r)} 0 0 1 ${round(x + e)} ${round(top + rise)}`
        : `M${round(x)} ${round(top)}h${round(e)}`
      const foot = isLast
        ? `V${round(bottom - rise)}A${round(r)} ${round(r)} 0 0 1 ${round(x)} ${round(bottom - r)}Z`
        : `V${round(bottom)}h${round(-e)}Z`
      return head + foot
    })
    .join("")
}

/** No data is a short dash at mid-height: absence is not health. */
function dash(x: number, { height, pipeWidth }: StripLayout): string {
  return `M${round(x)} ${Math.round(height / 2) - 1}h${round(pipeWidth)}v2h${round(-pipeWidth)}Z`
}

/** Maintenance is a texture, so that it is told from a fault without colour. */
function hatch(x: number, { height, pipeWidth: w }: StripLayout): string {
  const thickness = Math.max(2, w / 2)
  const clip = (y: number) => round(Math.min(height, Math.max(0, y)))
  let d = ""
  for (let y = -w; y < height; y += thickness * 2) {
    d += `M${round(x)} ${clip(y + w)}L${round(x + w)} ${clip(y)}V${clip(y + thickness)}L${round(x)} ${clip(y + w + thickness)}Z`
  }
  return d
}

function fillRatio(pitch: number): number {
  if (pitch < 5) {
    return 0.56
  }
  return pitch < 7 ? 0.62 : 0.64
}

function cutHeightFor(height: number): number {
  if (height >= 50) {
    return 5
  }
  return height >= 28 ? 4 : 3
}

function clampDay(day: number, count: number): number {
  return Math.max(0, Math.min(count - 1, day))
}

/** Whole device pixels: pipes of one strip are equally wide and equally sharp. */
function snap(value: number, dpr: number): number {
  return Math.round(value * dpr) / dpr
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

function element(name: string, attributes: Record<string, string | number>): SVGElement {
  const made = document.createElementNS(SVG_NAMESPACE, name)
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, String(value))
  }
  return made
}
