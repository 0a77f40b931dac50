import { Mail, Pencil } from "lucide-react"
import type { Delivery, Moment } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./incidents.module.css"
import { groupByDay, type Line, namesOf, writeClock, writeMoment } from "./words"

interface TimelineProps {
  moments: readonly Moment[]
  zone: string
  /** The messages about it, for those who may read them; they tell who is who. */
  deliveries: readonly Delivery[]
}

/** What happened, oldest first, by the clock of the workspace. */
export function Timeline({ moments, zone, deliveries }: TimelineProps) {
  return (
    <section className={`card ${styles.card}`} aria-labelledby="what-happened">
      <h2 id="what-happened">What happened</h2>
      {groupByDay(moments, zone).map(({ day, moments: ofDay }) => (
        <div key={day} className={styles.day}>
          <h3 className="sm t3">{day}</h3>
          <ol className={styles.moments}>
            {ofDay.map(({ moment, earlier }) => {
              const names = moment.told ? namesOf(moment.told, deliveries) : []
              const line = writeMoment(moment, earlier, names)
              return (
                <li key={keyOf(moment)}>
                  <time className="num" dateTime={moment.at}>
                    {writeClock(moment.at, zone)}
                  </time>
                  <Shape glyph={line.glyph} />
                  <p>
                    <span className="med">{line.what}</span>
                    {line.detail && <span className="t2">{line.detail}</span>}
                  </p>
                </li>
              )
            })}
          </ol>
        </div>
      ))}
    </section>
  )
}

function Shape({ glyph }: { glyph: Line["glyph"] }) {
  if (glyph === "message") return <Mail className="ic t3" aria-hidden="true" />
  if (glyph === "note") return <Pencil className="ic t3" aria-hidden="true" />
  if (glyph === "run") return <span className={styles.run} aria-hidden="true" />
  return <StatusGlyph state={glyph} />
}

function keyOf({ what, at, attempt, told }: Moment): string {
  return [what, at, attempt ?? "", told?.kind ?? "", told?.owed_at ?? ""].join(" ")
}
