import type { Phases, Result } from "@/api"
import { formatMs, NBSP } from "@/lib/format"
import styles from "./service-detail.module.css"

const PHASES: readonly { key: keyof Phases; name: string }[] = [
  { key: "dns_ms", name: "DNS" },
  { key: "connect_ms", name: "Connect" },
  { key: "tls_ms", name: "TLS" },
  { key: "first_byte_ms", name: "First byte" },
  { key: "body_ms", name: "Body" },
]

/** The last check: where its time went, or why it did not hold. */
export function LastResult({ result }: { result: Result }) {
  const phases = PHASES.filter(({ key }) => result.phases[key] !== null)
  const isTimed = phases.length > 0 || result.latency_ms !== null
  return (
    <div className={styles.last}>
      <h3>Last check</h3>
      {isTimed && <PhaseList phases={phases} result={result} />}
      {result.message && <p className="sm t2">{result.message}</p>}
    </div>
  )
}

interface PhaseListProps {
  phases: typeof PHASES
  result: Result
}

function PhaseList({ phases, result }: PhaseListProps) {
  return (
    <dl className="num">
      {phases.map(({ key, name }) => (
        <div key={key}>
          <dt>{name}</dt>
          <dd>{formatPhase(result.phases[key])}</dd>
        </div>
      ))}
      {result.latency_ms !== null && (
        <div>
          <dt>In all</dt>
          <dd>{formatMs(result.latency_ms)}</dd>
        </div>
      )}
    </dl>
  )
}

/** A phase that was measured took some time, however little. */
function formatPhase(ms: number | null): string {
  return ms !== null && ms < 0.5 ? `<1${NBSP}ms` : formatMs(ms)
}
