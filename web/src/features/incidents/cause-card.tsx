import type { Cause, Explanation, IncidentInFull } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatMs } from "@/lib/format"
import styles from "./incidents.module.css"
import { writeClock } from "./words"

/** Why it was down: what was expected, and what came instead. */
export function CauseCard({ incident, zone }: { incident: IncidentInFull; zone: string }) {
  const { cause, reason } = incident
  return (
    <section className={`card ${styles.card}`} aria-labelledby="cause">
      <h2 id="cause">Why</h2>
      {cause ? (
        <Found cause={cause} reason={reason} zone={zone} />
      ) : (
        <>
          <p className={styles.reason}>{reason || "It failed its check."}</p>
          <p className="sm t3">What each check found is no longer kept for that time.</p>
        </>
      )}
    </section>
  )
}

function Found({ cause, reason, zone }: { cause: Cause; reason: string; zone: string }) {
  const { message, explanations, latency_ms, at } = cause
  const took = latency_ms === null ? "" : `, after ${formatMs(latency_ms)}`
  return (
    <>
      <p className={styles.reason}>{message ?? (reason || "It failed its check.")}</p>
      <p className="sm t3 num">
        Found at {writeClock(at, zone)}
        {took}
      </p>
      {explanations.length > 0 && <Explanations lines={explanations} />}
    </>
  )
}

function Explanations({ lines }: { lines: readonly Explanation[] }) {
  return (
    <ul className={styles.why} aria-label="What was looked at">
      {lines.map(({ operand, actual, expected, holds }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two lines may read the same
        <li key={index}>
          <StatusGlyph state={holds ? "up" : "down"} label={holds ? "Holds" : "Does not hold"} />
          <span className="med">{operand}</span>
          <dl>
            <div>
              <dt>Found</dt>
              <dd className="mono">{actual}</dd>
            </div>
            <div>
              <dt>Expected</dt>
              <dd className="mono">{expected}</dd>
            </div>
          </dl>
        </li>
      ))}
    </ul>
  )
}
