import { dateOfDay, type StripSeries } from "@/components/strip/read-day"

const DAY_MS = 86_400_000

/** The days of a strip in which something lasted, first and last; `null` when it lies outside. */
export interface DaySpan {
  first: number
  last: number
}

/** Find the days of an outage on a strip, whose days run in a zone. */
export function findDays(
  strip: StripSeries & { zone: string },
  began: string,
  ended: string | null,
): DaySpan | null {
  const end = strip.grades.length - 1
  const first = dayOf(strip, began)
  const last = ended === null ? end : Math.min(dayOf(strip, ended), end)
  if (last < 0 || first > end) return null
  return { first: Math.max(first, 0), last }
}

function dayOf(strip: StripSeries & { zone: string }, at: string): number {
  const date = new Intl.DateTimeFormat("en-CA", {
    timeZone: strip.zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(new Date(at))
  return Math.round((Date.parse(`${date}T00:00:00Z`) - dateOfDay(strip, 0).getTime()) / DAY_MS)
}
