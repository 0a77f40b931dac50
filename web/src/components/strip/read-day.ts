import { formatCount, formatDuration, formatPct, NBSP } from "@/lib/format"
import { DAY_MEANINGS, type DayMeaning, type GradeLetter, parseGrades } from "./strip"

/** A strip as the API sends it. */
export interface StripSeries {
  /** The local date of the first letter. */
  from: string
  grades: string
  /** Day, uptime, seconds down, checks, failed: for the days that are neither empty nor plain green. */
  details: readonly (readonly [
    day: number,
    uptimePct: number | null,
    downS: number,
    checks: number,
    failed: number,
  ])[]
}

/** What is known about one day, in words. */
export interface DayReading {
  date: string
  age: string
  glyph: DayMeaning["glyph"]
  word: string
  facts: readonly { label: string; value: string }[]
  note: string | null
  /** All of it in one sentence, for people who listen. */
  sentence: string
}

const DAY_MS = 86_400_000

const NOTES: Partial<Record<GradeLetter, string>> = {
  m: "Planned work is not counted",
  n: "No checks that day",
}

/** The date of a day of a strip, as UTC midnight: dates are counted, never shifted by a zone. */
export function dateOfDay(strip: StripSeries, day: number): Date {
  return new Date(Date.parse(`${strip.from}T00:00:00Z`) + day * DAY_MS)
}

export function readDay(strip: StripSeries, day: number): DayReading {
  const letters = parseGrades(strip.grades)
  const letter = letters[day] ?? "n"
  const daysAgo = letters.length - 1 - day
  const date = writeDate(dateOfDay(strip, day))
  const word = wordFor(letter, daysAgo)
  const facts = factsOf(strip, day, letter)
  const note = NOTES[letter] ?? null
  const spoken = facts.map(({ label, value }) => `${label} ${value.replace("%", "percent")}`)
  return {
    date,
    age: writeAge(daysAgo),
    glyph: DAY_MEANINGS[letter].glyph,
    word,
    facts,
    note,
    sentence: `${date}: ${[word, ...spoken, ...(note ? [note] : [])].join(", ")}`,
  }
}

// Today has only its elapsed checks; "all day" would promise the rest of it.
function wordFor(letter: GradeLetter, daysAgo: number): string {
  return letter === "u" && daysAgo === 0 ? "Healthy so far" : DAY_MEANINGS[letter].word
}

function factsOf(strip: StripSeries, day: number, letter: GradeLetter): DayReading["facts"] {
  const detail = strip.details.find(([index]) => index === day)
  if (letter === "n" || letter === "m") return []
  if (!detail) return letter === "u" ? [{ label: "Uptime", value: formatPct(100) }] : []
  const [, uptimePct, downS, checks, failed] = detail
  const facts = [{ label: "Uptime", value: formatPct(uptimePct) }]
  if (downS > 0) facts.push({ label: "Downtime", value: formatDuration(downS) })
  return [...facts, { label: "Checks", value: writeChecks(checks, failed) }]
}

function writeChecks(checks: number, failed: number): string {
  return failed > 0 ? `${formatCount(checks)} (${formatCount(failed)} failed)` : formatCount(checks)
}

function writeAge(daysAgo: number): string {
  if (daysAgo === 0) return "today"
  return daysAgo === 1 ? "yesterday" : `${daysAgo}${NBSP}d ago`
}

// Made once: every strip of a page writes a date, and making a formatter costs more than the strip.
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" })
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" })

function writeDate(date: Date): string {
  return `${WEEKDAY.format(date)} ${DATE.format(date)}`
}
