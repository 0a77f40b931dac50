/** Where the days and hours of a zone begin, for the time axis. No framework, no library. */

const HOUR = 3_600_000
const DAY = 24 * HOUR
const HOURS_BETWEEN_LABELS = 4
const LABELS_OF_LONG_RANGES = 6

export interface TimeTick {
  /** Milliseconds since the epoch. */
  at: number
  label: string
}

/** Choose the labels of a time axis: hours up to a day and a half, weekdays up to nine, then dates. */
export function timeTicks(from: number, to: number, zone: string): TimeTick[] {
  const span = to - from
  if (span <= 1.5 * DAY) {
    return hourTicks(from, to, zone)
  }
  return span <= 9 * DAY ? weekdayTicks(from, to, zone) : dateTicks(from, to, zone)
}

/** Every local midnight in a span, as a zone counts days: 23, 24 or 25 hours apart. */
export function localMidnights(from: number, to: number, zone: string): number[] {
  const midnights: number[] = []
  let date = localDate(from, zone)
  for (let at = startOfDate(date, zone); at <= to; at = startOfDate(date, zone)) {
    if (at >= from) {
      midnights.push(at)
    }
    date += DAY
  }
  return midnights
}

function hourTicks(from: number, to: number, zone: string): TimeTick[] {
  const clock = formatter(zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  const firstHour = Math.ceil(from / HOUR) * HOUR
  const ticks: TimeTick[] = []
  for (let at = firstHour; at <= to; at += HOUR) {
    const label = clock.format(at)
    if (Number(label.slice(0, 2)) % HOURS_BETWEEN_LABELS === 0) {
      ticks.push({ at, label })
    }
  }
  return ticks
}

/** A weekday's label stands in the middle of its day. */
function weekdayTicks(from: number, to: number, zone: string): TimeTick[] {
  const weekday = formatter(zone, { weekday: "short" })
  const day = formatter(zone, { day: "numeric" })
  return localMidnights(from - DAY, to, zone)
    .map((midnight) => midnight + DAY / 2)
    .filter((noon) => noon >= from && noon <= to)
    .map((at) => ({ at, label: `${weekday.format(at)} ${day.format(at)}` }))
}

function dateTicks(from: number, to: number, zone: string): TimeTick[] {
  const date = formatter(zone, { day: "numeric", month: "short" })
  const midnights = localMidnights(from, to, zone)
  const step = Math.ceil(midnights.length / LABELS_OF_LONG_RANGES)
  return midnights
    .filter((_, index) => index % step === Math.floor(step / 2))
    .map((at) => ({ at, label: date.format(at) }))
}

/** The date that a zone's wall shows, as UTC midnight of that date. */
function localDate(instant: number, zone: string): number {
  return Math.floor((instant + offsetAt(instant, zone)) / DAY) * DAY
}

function startOfDate(date: number, zone: string): number {
  // The offset is that of the instant looked for, which it moves: the second look settles it.
  const guess = date - offsetAt(date, zone)
  return date - offsetAt(guess, zone)
}

function offsetAt(instant: number, zone: string): number {
  const parts = formatter(zone, {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
  }).formatToParts(instant)
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((candidate) => candidate.type === type)?.value)
  const wall = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  )
  return wall - Math.floor(instant / 1000) * 1000
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making a formatter costs a hundred times what using it does. */
function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`
  const known = formatters.get(key)
  if (known) {
    return known
  }
  const made = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone })
  formatters.set(key, made)
  return made
}
