import type { Counts, WorkspaceCard } from "@/api"
import type { StripSeries } from "@/components/strip/read-day"

/** How all services of several workspaces are, counted together. */
export function addCounts(workspaces: readonly Pick<WorkspaceCard, "counts">[]): Counts {
  const sum: Counts = { up: 0, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0 }
  for (const { counts } of workspaces) {
    for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key]
  }
  return sum
}

/** How many services there are, and how many of them are checked. */
export function countWatched(counts: Counts): { all: number; watched: number } {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  return { all, watched: all - counts.paused }
}

/** The answer first: what is wrong, and then what is not. */
export interface Headline {
  alarm: string | null
  calm: string
}

export function writeHeadline(counts: Counts): Headline {
  const { all } = countWatched(counts)
  const alarm = counts.down > 0 ? say(counts.down, "service is down", "services are down") : null
  if (all === 0) return { alarm, calm: "Nothing is watched yet." }
  const rest: string[] = []
  if (counts.degraded > 0) rest.push(sayOf(counts.degraded, alarm !== null, "slow"))
  if (counts.unknown > 0 && rest.length === 0) {
    rest.push(sayOf(counts.unknown, alarm !== null, "not known yet"))
  }
  // Two sentences are read at a glance, and a third is not: what is worse comes first.
  if (counts.up > 0 && rest.length === 0) rest.push(sayGreen(counts, alarm !== null))
  else if (counts.up > 0 && alarm === null)
    rest.push(`${toWords(counts.up)} ${are(counts.up)} green.`)
  if (rest.length === 0 && alarm === null) {
    rest.push(counts.maintenance > 0 ? "Planned work is under way." : "Everything is paused.")
  }
  return { alarm, calm: rest.join(" ") }
}

function sayGreen({ up, ...others }: Counts, isSecond: boolean): string {
  if (isSecond) return `${toWords(up)} ${are(up)} green.`
  const isAll = Object.values(others).every((count) => count === 0)
  if (isAll)
    return up === 1 ? "Your service is green." : `All ${inSentence(up)} services are green.`
  return say(up, "service is green", "services are green")
}

function sayOf(count: number, isSecond: boolean, word: string): string {
  if (isSecond) return `${toWords(count)} ${are(count)} ${word}.`
  return say(count, `service is ${word}`, `services are ${word}`)
}

function say(count: number, one: string, many: string): string {
  return `${toWords(count)} ${count === 1 ? one : many}.`
}

function are(count: number): string {
  return count === 1 ? "is" : "are"
}

const WORDS =
  "Zero,One,Two,Three,Four,Five,Six,Seven,Eight,Nine,Ten,Eleven,Twelve,Thirteen,Fourteen,Fifteen,Sixteen,Seventeen,Eighteen,Nineteen,Twenty".split(
    ",",
  )

function toWords(count: number): string {
  return WORDS[count] ?? String(count)
}

function inSentence(count: number): string {
  return toWords(count).toLowerCase()
}

// The worst first; work that is planned and days without checks say less than any measured state.
const WORST_FIRST = "xpdumn"

/**
 * Lay the days of several workspaces over one another: each day is as it was where it was worst.
 *
 * Pooling them would need the checks of every day; this never flatters.
 */
export function worstOfAll(strips: readonly StripSeries[]): StripSeries | null {
  const [first, ...others] = strips
  if (!first) return null
  return others.reduce(worstOfTwo, first)
}

function worstOfTwo(a: StripSeries, b: StripSeries): StripSeries {
  // Both end today, each in its own zone.
  const shift = b.grades.length - a.grades.length
  const letters = [...a.grades]
  const details = new Map(a.details.map((detail) => [detail[0], detail]))
  for (const [day, letter] of letters.entries()) {
    const other = b.grades[day + shift]
    if (!other || rank(other) >= rank(letter)) continue
    letters[day] = other
    const detail = b.details.find(([at]) => at === day + shift)
    details.delete(day)
    if (detail) details.set(day, [day, detail[1], detail[2], detail[3], detail[4]])
  }
  return { ...a, grades: letters.join(""), details: [...details.values()] }
}

function rank(letter: string): number {
  return WORST_FIRST.indexOf(letter)
}
