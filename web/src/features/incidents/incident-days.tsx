import type { CSSProperties } from "react"
import type { IncidentInFull } from "@/api"
import { readDay } from "@/components/strip/read-day"
import { StaticStrip } from "@/components/strip/static-strip"
import { StripAxis } from "@/components/strip/strip-axis"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { findDays } from "./days"
import styles from "./incidents.module.css"

/** The pipe of that day among the others; nothing once it is older than the strip. */
export function IncidentDays({ incident }: { incident: IncidentInFull }) {
  const { strip, began_at, ended_at } = incident
  const days = findDays(strip, began_at, ended_at)
  if (days === null) return null
  const reading = readDay(strip, days.first)
  const place = { "--first": days.first, "--days": days.last - days.first + 1 } as CSSProperties
  return (
    <section className={`card ${styles.card}`} aria-labelledby="that-day">
      <h2 id="that-day">{days.first === days.last ? "That day" : "Those days"}</h2>
      <div>
        <StaticStrip strip={strip} />
        <div className={styles.mark} style={place} aria-hidden="true" />
        <StripAxis strip={strip} />
      </div>
      <p className={`sm ${styles.reading}`}>
        <StatusGlyph state={reading.glyph} />
        <span>
          <span className="med">
            {reading.date}: {reading.word}
          </span>
          {reading.facts.map(({ label, value }) => (
            <span key={label} className="t2">
              {`, ${label.toLowerCase()} ${value}`}
            </span>
          ))}
        </span>
      </p>
    </section>
  )
}
