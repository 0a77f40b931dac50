import type { CSSProperties } from "react"
import { axisLabels } from "./axis-labels"
import type { StripSeries } from "./read-day"

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
