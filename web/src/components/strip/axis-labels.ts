import { dateOfDay, type StripSeries } from "./read-day"

/** On a phone, two labels closer than this many days would run into each other. */
const MIN_DISTANCE = 12

/** The first day and each first of a month that has room for its name. */
export function axisLabels(strip: StripSeries): { day: number; label: string }[] {
  const count = strip.grades.length
  const months = Array.from({ length: count }, (_, day) => day).filter(
    (day) =>
      day >= MIN_DISTANCE &&
      day <= count - MIN_DISTANCE &&
      dateOfDay(strip, day).getUTCDate() === 1,
  )
  return [
    { day: 0, label: write(dateOfDay(strip, 0), { day: "numeric", month: "short" }) },
    ...months.map((day) => ({ day, label: write(dateOfDay(strip, day), { month: "short" }) })),
  ]
}

function write(date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(date)
}
