import type { CSSProperties } from "react"
import { dateOfDay, type StripSeries } from "./read-day"

/** Two labels closer than this many days would run into each other. */
const MIN_DISTANCE = 8

export interface StripAxisProps {
  strip: StripSeries
}

/** The dates under a strip: where it starts, the months, today. */
export function StripAxis({ strip }: StripAxisProps) {
  return (
    <div className="axis at" aria-hidden="true">
      {axisLabels(strip).map(({ day, label }) => (
        <span key={day} style={{ "--i": day } as CSSProperties}>
          {label}
        </span>
      ))}
      <span>Today</span>
    </div>
  )
}

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
