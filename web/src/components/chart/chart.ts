/**
 * The response time graph, as numbers and path strings.
 *
 * What was not measured is not drawn: a line is never joined over a bucket without answers, nor over
 * an outage, and a bucket of fewer than five answers is a dot, because percentiles of four are noise.
 */

import { type TimeTick, timeTicks } from "./chart-time"

export interface LatencyBucket {
  at: string
  p50_ms: number | null
  p95_ms: number | null
  checks: number
  failed: number
}

export interface LatencySeries {
  from: string
  to: string
  bucket_s: number
  limit_ms: number | null
  buckets: readonly LatencyBucket[]
  outages: readonly { from: string; to: string | null }[]
}

export interface PlotArea {
  left: number
  right: number
  top: number
  bottom: number
}

/** One bucket on the graph; `y` is `null` where there is no honest point to show. */
export interface Mark {
  x: number
  y: number | null
  from: number
  bucket: LatencyBucket
}

export interface ChartModel {
  area: PlotArea
  valueTicks: readonly { y: number; label: string }[]
  timeTicks: readonly { x: number; label: string }[]
  runs: readonly { line: string; band: string }[]
  dots: readonly { x: number; y: number }[]
  outages: readonly { x: number; width: number }[]
  limit: { y: number; label: string } | null
  marks: readonly Mark[]
}

export const MIN_SAMPLES = 5

const MARGIN = { left: 46, right: 8, top: 16, bottom: 24 }
const MIN_OUTAGE_WIDTH = 3
const LOW_HEIGHT = 170
const NARROW_WIDTH = 460
const FALLBACK_TOP_MS = 1000

interface Span {
  from: number
  to: number
}

/** Fewer than five checks are told in words: a graph would promise more than was measured. */
export function hasEnoughChecks(series: LatencySeries): boolean {
  return countChecks(series) >= MIN_SAMPLES
}

export function countChecks(series: LatencySeries): number {
  return series.buckets.reduce((sum, bucket) => sum + bucket.checks, 0)
}

export function layoutChart(
  series: LatencySeries,
  zone: string,
  size: { width: number; height: number },
): ChartModel {
  const area: PlotArea = {
    left: MARGIN.left,
    right: size.width - MARGIN.right,
    top: MARGIN.top,
    bottom: size.height - MARGIN.bottom,
  }
  const window = { from: Date.parse(series.from), to: Date.parse(series.to) }
  const x = (at: number) =>
    area.left + ((area.right - area.left) * (at - window.from)) / (window.to - window.from || 1)
  const values = valueTicks(highestValue(series), size.height < LOW_HEIGHT ? 2 : 4)
  const top = values.at(-1) ?? FALLBACK_TOP_MS
  const y = (ms: number) => area.bottom - ((area.bottom - area.top) * Math.min(ms, top)) / top
  const outages = outageSpans(series, window)
  const marks = marksOf(series, window, outages, x, y)
  const runs = runsOf(marks, series.bucket_s, outages)
  return {
    area,
    valueTicks: values.map((ms) => ({ y: Math.round(y(ms)) + 0.5, label: tickLabel(ms) })),
    timeTicks: placeTicks(timeTicks(window.from, window.to, zone), x, size.width),
    runs: runs.filter(isLine).map((run) => ({ line: linePath(run), band: bandPath(run, y) })),
    dots: dotsOf(marks, runs),
    outages: outages.map((span) => outageBar(span, x)),
    limit:
      series.limit_ms === null
        ? null
        : { y: round(y(series.limit_ms)), label: `limit ${tickLabel(series.limit_ms)}` },
    marks,
  }
}

/** The bucket nearest to a point of the graph. */
export function markAt(model: ChartModel, x: number): number {
  let nearest = 0
  for (const [index, mark] of model.marks.entries()) {
    if (Math.abs(mark.x - x) < Math.abs((model.marks[nearest]?.x ?? Infinity) - x)) {
      nearest = index
    }
  }
  return nearest
}

/** The bucket that a key leads to; a page is a day, or a twelfth of what is shown. */
export function markForKey(key: string, index: number, series: LatencySeries): number | null {
  const last = series.buckets.length - 1
  const page = Math.max(1, Math.min(Math.round(86_400 / series.bucket_s), Math.ceil(last / 12)))
  const targets = new Map([
    ["ArrowLeft", index - 1],
    ["ArrowRight", index + 1],
    ["PageUp", index - page],
    ["PageDown", index + page],
    ["Home", 0],
    ["End", last],
  ])
  const target = targets.get(key)
  return target === undefined ? null : Math.max(0, Math.min(last, target))
}

/** Zero-based ticks on round steps, the last at or above the highest value. */
export function valueTicks(highest: number, wanted: number): number[] {
  const step = roundStep(highest / wanted)
  const count = Math.max(1, Math.ceil(highest / step - 1e-9))
  return Array.from({ length: count + 1 }, (_, index) => index * step)
}

/** Label a tick exactly: `750 ms`, `1.25 s`. */
export function tickLabel(ms: number): string {
  return ms < 1000 ? `${round(ms)}\u00a0ms` : `${round(ms / 1000)}\u00a0s`
}

function highestValue(series: LatencySeries): number {
  const measured = series.buckets.map(({ p50_ms, p95_ms }) => Math.max(p50_ms ?? 0, p95_ms ?? 0))
  // The limit keeps room above it for its label.
  return Math.max(0, ...measured, (series.limit_ms ?? 0) * 1.12) || FALLBACK_TOP_MS
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= raw) ?? 10
  return factor * power
}

function outageSpans(series: LatencySeries, window: Span): Span[] {
  return series.outages
    .map(({ from, to }) => ({
      from: Math.max(window.from, Date.parse(from)),
      to: Math.min(window.to, to === null ? window.to : Date.parse(to)),
    }))
    .filter((span) => span.to >= span.from)
}

function marksOf(
  series: LatencySeries,
  window: Span,
  outages: readonly Span[],
  x: (at: number) => number,
  y: (ms: number) => number,
): Mark[] {
  return series.buckets.map((bucket) => {
    const from = Date.parse(bucket.at)
    const start = Math.max(from, window.from)
    const end = Math.min(from + series.bucket_s * 1000, window.to)
    const middle = (start + end) / 2
    const silent = bucket.p50_ms === null || outages.some((span) => contains(span, middle))
    return {
      x: round(x(middle)),
      y: silent ? null : round(y(bucket.p50_ms ?? 0)),
      from,
      bucket,
    }
  })
}

/** Neighbouring marks that may be joined: enough answers, no missing bucket, no outage between. */
function runsOf(marks: readonly Mark[], bucketS: number, outages: readonly Span[]): Mark[][] {
  const runs: Mark[][] = []
  let previous: Mark | undefined
  for (const mark of marks.filter(isDense)) {
    if (previous && areJoined(previous, mark, bucketS, outages)) {
      runs.at(-1)?.push(mark)
    } else {
      runs.push([mark])
    }
    previous = mark
  }
  return runs
}

function areJoined(a: Mark, b: Mark, bucketS: number, outages: readonly Span[]): boolean {
  const half = bucketS * 500
  const between = { from: a.from + half, to: b.from + half }
  const isNext = b.from - a.from <= bucketS * 1500
  return isNext && !outages.some((span) => span.from < between.to && span.to > between.from)
}

function isDense(mark: Mark): boolean {
  return mark.y !== null && mark.bucket.checks - mark.bucket.failed >= MIN_SAMPLES
}

function isLine(run: readonly Mark[]): boolean {
  return run.length > 1
}

/** Buckets of few answers, and dense ones that have no neighbour to be joined with. */
function dotsOf(marks: readonly Mark[], runs: readonly Mark[][]): { x: number; y: number }[] {
  const joined = new Set(runs.filter(isLine).flat())
  return marks.flatMap((mark) =>
    mark.y === null || joined.has(mark) ? [] : [{ x: mark.x, y: mark.y }],
  )
}

function linePath(run: readonly Mark[]): string {
  return run.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("")
}

function bandPath(run: readonly Mark[], y: (ms: number) => number): string {
  const upper = run.map(({ x, bucket }, index) => {
    const p95 = round(y(bucket.p95_ms ?? bucket.p50_ms ?? 0))
    return `${index === 0 ? "M" : "L"}${x} ${p95}`
  })
  const lower = run.toReversed().map((mark) => `L${mark.x} ${mark.y}`)
  return `${upper.join("")}${lower.join("")}Z`
}

/** However short, an outage stays wide enough to be seen, inside the graph. */
function outageBar(span: Span, x: (at: number) => number): { x: number; width: number } {
  const right = x(span.to)
  const width = Math.max(MIN_OUTAGE_WIDTH, right - x(span.from))
  return { x: round(Math.max(MARGIN.left, right - width)), width: round(width) }
}

function placeTicks(
  ticks: readonly TimeTick[],
  x: (at: number) => number,
  width: number,
): { x: number; label: string }[] {
  const every = width < NARROW_WIDTH ? 2 : 1
  return ticks
    .filter((_, index) => index % every === 0)
    .map(({ at, label }) => ({ x: round(x(at)), label }))
}

function contains(span: Span, instant: number): boolean {
  return span.from <= instant && instant <= span.to
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
