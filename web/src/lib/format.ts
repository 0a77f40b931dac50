/** How numbers, times and periods are written. Pure: the present is always an argument. */

import type { Period, PeriodUnit } from "@/api"

export const NBSP = "\u00a0"
export const NONE = "—"

const LOCALE = "en-GB"
const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400
const WEEK_S = 604_800

const SECONDS: Record<PeriodUnit, number> = {
  seconds: 1,
  minutes: MINUTE_S,
  hours: HOUR_S,
  days: DAY_S,
  weeks: WEEK_S,
}

/** Write milliseconds: `184 ms`, from one second on `1.2 s`. */
export function formatMs(ms: number | null): string {
  if (ms === null) return NONE
  if (Math.round(ms) < 1000) return `${Math.round(ms)}${NBSP}ms`
  const seconds = ms / 1000
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}${NBSP}s`
}

/** Write a percentage without its unit, floored: only a perfect 100 is ever written `100`. */
export function formatPctNumber(pct: number | null): string {
  if (pct === null) return NONE
  if (pct >= 100) return "100"
  // 99.99 * 100 is 9998.999…: the tiny push undoes binary rounding, and must not reach a hundred.
  return (Math.min(Math.floor(pct * 100 + 1e-6), 9999) / 100).toFixed(2)
}

/** Write a percentage, floored: `99.98 %`. */
export function formatPct(pct: number | null): string {
  return pct === null ? NONE : `${formatPctNumber(pct)}${NBSP}%`
}

/** Write a length of time in at most two units: `48 s`, `42 min`, `7 h 51 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  if (s < MINUTE_S) return `${s}${NBSP}s`
  if (s < HOUR_S) return `${Math.floor(s / MINUTE_S)}${NBSP}min`
  if (s < DAY_S) return twoUnits(s, HOUR_S, "h", MINUTE_S, "min")
  return twoUnits(s, DAY_S, "d", HOUR_S, "h")
}

function twoUnits(s: number, big: number, bigName: string, small: number, smallName: string) {
  const rest = Math.floor((s % big) / small)
  const head = `${Math.floor(s / big)}${NBSP}${bigName}`
  return rest === 0 ? head : `${head} ${rest}${NBSP}${smallName}`
}

/** Write how long ago: `just now`, `48 s ago`, and from a day on the date. */
export function formatAgo(at: string, now: number, zone: string): string {
  const seconds = (now - Date.parse(at)) / 1000
  if (seconds < 5) return "just now"
  if (seconds < DAY_S) return `${formatDuration(seconds)} ago`
  return formatMoment(at, now, zone)
}

/** Write a moment as people say it: `Today 23:18`, `Yesterday 08:00`, `Thu 9 Apr 12:06`. */
export function formatMoment(at: string, now: number, zone: string): string {
  const then = new Date(at)
  const time = formatTime(at, zone)
  const days = dayNumber(new Date(now), zone) - dayNumber(then, zone)
  if (days === 0) return `Today ${time}`
  if (days === 1) return `Yesterday ${time}`
  const parts = new Intl.DateTimeFormat(LOCALE, {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
  }).formatToParts(then)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ""
  return `${part("weekday")} ${part("day")} ${part("month")} ${time}`
}

/** Write the time of day: `23:45`. */
export function formatTime(at: string | number | Date, zone: string): string {
  return new Intl.DateTimeFormat(LOCALE, {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(at))
}

/** Write the short name a zone has at a moment: `UTC`, `CET`, `GMT+5`. */
export function formatZone(zone: string, at: number): string {
  const parts = new Intl.DateTimeFormat(LOCALE, {
    timeZone: zone,
    timeZoneName: "short",
  }).formatToParts(new Date(at))
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone
}

/** Write a whole number with thin groups: `1,440`. */
export function formatCount(count: number): string {
  return new Intl.NumberFormat(LOCALE).format(count)
}

/** Write a count with its noun: `1 service`, `9 services`. */
export function formatNoun(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)}${NBSP}${count === 1 ? one : many}`
}

export function periodSeconds(period: Period): number {
  return period.every * SECONDS[period.unit]
}

/** Read seconds back as the period people would have typed: the largest unit without a rest. */
export function toPeriod(seconds: number): Period {
  const units: PeriodUnit[] = ["weeks", "days", "hours", "minutes"]
  const unit = units.find((one) => seconds % SECONDS[one] === 0) ?? "seconds"
  return { every: seconds / SECONDS[unit], unit }
}

/** Write a period: `every minute`, `every 15 minutes`. */
export function formatPeriod(period: Period): string {
  if (period.every === 1) return `every ${period.unit.slice(0, -1)}`
  return `every ${period.every}${NBSP}${period.unit}`
}

/** Write how many checks a period makes: `96 checks a day`, `1 check a week`. */
export function formatChecksPer(period: Period): string {
  const seconds = periodSeconds(period)
  if (seconds <= DAY_S) return `${formatNoun(Math.floor(DAY_S / seconds), "check")} a day`
  if (seconds <= WEEK_S) return `${formatNoun(Math.floor(WEEK_S / seconds), "check")} a week`
  return `one check ${formatPeriod(period)}`
}

function dayNumber(at: Date, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(at)
  return Math.round(Date.parse(`${parts}T00:00:00Z`) / 86_400_000)
}
