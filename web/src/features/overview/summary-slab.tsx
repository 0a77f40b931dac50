import type { Workspace } from "@/api"
import { Elapsed } from "@/components/elapsed"
import { dateOfDay } from "@/components/strip/read-day"
import { UptimeStrip } from "@/components/strip/uptime-strip"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { cx } from "@/lib/class-names"
import { formatMs, formatPctNumber } from "@/lib/format"
import { listFacts } from "./facts"
import styles from "./overview.module.css"

/** The one dark slab of the page: how it was for 90 days, and how it is now. */
export function SummarySlab({ workspace }: { workspace: Workspace }) {
  const { strip, uptime_pct, median_ms } = workspace
  const first = dateOfDay(strip, 0)
  return (
    <section className={`slab ${styles.summary}`} aria-label="Summary, last 90 days">
      <div>
        <div className={styles.big}>
          {formatPctNumber(uptime_pct)}
          {uptime_pct !== null && <small>%</small>}
        </div>
        <p className={`sm t2 ${styles.since}`}>{describeWindow(workspace)}</p>
      </div>
      <div>
        <UptimeStrip strip={strip} name="All services" />
        <div className="axis" aria-hidden="true">
          <span>{writeDate(first)}</span>
          <span>Today</span>
        </div>
      </div>
      <div className={styles.facts}>
        {listFacts(workspace).map(({ glyph, words, since }) => (
          <span key={words} className={cx("row", since && styles.lasting)}>
            <StatusGlyph state={glyph} />
            <span>
              <b>{words}</b>
              {since && (
                <>
                  {workspace.counts.down === 1 ? " for " : " for up to "}
                  <Elapsed since={since} />
                </>
              )}
            </span>
          </span>
        ))}
        {median_ms !== null && (
          <span className={`num ${styles.median}`}>
            Median response <b>{formatMs(median_ms)}</b>
          </span>
        )}
      </div>
    </section>
  )
}

/** A figure over fewer than 90 days says so: it must not borrow days that nobody measured. */
function describeWindow({ strip, uptime_pct }: Workspace): string {
  if (uptime_pct === null) return "no checks yet"
  const firstMeasured = strip.grades.search(/[^n]/)
  if (firstMeasured <= 0) return `up in the last ${strip.grades.length} days`
  const isToday = firstMeasured === strip.grades.length - 1
  return isToday ? "up today" : `up since ${writeDate(dateOfDay(strip, firstMeasured))}`
}

function writeDate(date: Date): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "long",
  }).format(date)
}
