import { StatusGlyph } from "@/components/ui/status-glyph"
import type { DayReading } from "./read-day"

/** One day of a strip, inside a tip: date, word, uptime, downtime, checks. */
export function DayTip({ reading }: { reading: DayReading }) {
  return (
    <>
      <div className="h">
        <span>{reading.date}</span>
        <span>{reading.age}</span>
      </div>
      <div className="v">
        <StatusGlyph state={reading.glyph} />
        <span>{reading.word}</span>
      </div>
      <ul className="num">
        {reading.facts.map(({ label, value }, index) => (
          <li key={label}>
            <span>{label}</span>
            {index === 0 ? <b>{value}</b> : <span>{value}</span>}
          </li>
        ))}
        {reading.note && (
          <li>
            <span>{reading.note}</span>
          </li>
        )}
      </ul>
    </>
  )
}
