import type { CSSProperties } from "react"
import type { Explanation, Phases, Preview } from "@/api/types.gen"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { describeError, listFieldErrors } from "@/lib/api-error"
import { formatMs } from "@/lib/format"
import styles from "./try-it.module.css"

/** Why a try did not happen. */
export function PreviewFailure({ error }: { error: unknown }) {
  const refused = listFieldErrors(error).map(({ message }) => message)
  const sentences = refused.length > 0 ? refused : [describeError(error)]
  return (
    <div className={styles.failure} role="alert">
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  )
}

/** What a try found: how fast, which expectations hold, and the begin of the body. */
export function PreviewResult({ preview, skipped }: { preview: Preview; skipped: string[] }) {
  return (
    <>
      {preview.failure && <p className={styles.failure}>{preview.failure.message}</p>}
      {preview.latency_ms !== null && <Speed preview={preview} latencyMs={preview.latency_ms} />}
      {(preview.explanations.length > 0 || skipped.length > 0) && (
        <ul className={styles.lines}>
          {preview.explanations.map((line) => (
            <ExplanationLine key={`${line.operand} ${line.expected}`} line={line} />
          ))}
          {skipped.map((path) => (
            <SkippedLine key={path} path={path} />
          ))}
        </ul>
      )}
      {preview.body_excerpt && <pre className={styles.body}>{preview.body_excerpt}</pre>}
    </>
  )
}

function Speed({ preview, latencyMs }: { preview: Preview; latencyMs: number }) {
  const limit = preview.answers_within_ms
  const [number, unit] = formatMs(latencyMs).split("\u00a0")
  const parts = listPhases(preview.phases)
  return (
    <div>
      <div className={styles.speed}>
        <span className={styles.latency}>
          {number} <small className="t3">{unit}</small>
        </span>
        {limit !== null && <span className="xs t3">of {formatMs(limit)}</span>}
      </div>
      <div className={styles.phases} aria-hidden="true">
        {parts.map((part) => (
          <i key={part.name} style={phaseStyle(part.ms, part.strength)} />
        ))}
        <i style={phaseStyle(Math.max(0, (limit ?? 0) - latencyMs), 0.12)} />
      </div>
      <div className={`xs t3 num ${styles.phaseNames}`}>
        {parts.map((part) => `${part.name} ${roundMs(part.ms)}`).join(" · ")}
      </div>
    </div>
  )
}

function ExplanationLine({ line }: { line: Explanation }) {
  const isPath = line.operand.startsWith("$")
  return (
    <li>
      <StatusGlyph state={line.holds ? "up" : "down"} label={line.holds ? "Holds" : "Fails"} />
      <span>
        <span className={isPath ? "mono" : undefined}>{describeExpectation(line)}</span>
        {!line.holds && isPath && <span className={styles.wanted}>should be {line.expected}</span>}
      </span>
      <span className={`t3 ${isPath || line.operand === "Status" ? "mono" : ""}`}>
        {line.actual}
      </span>
    </li>
  )
}

function SkippedLine({ path }: { path: string }) {
  return (
    <li>
      <StatusGlyph state="nodata" label="Not tried" />
      <span className="t3">{path ? `${path} needs a fix` : "A JSON value needs a fix"}</span>
      <span />
    </li>
  )
}

function describeExpectation({ operand, expected }: Explanation): string {
  if (operand === "Status") return `Status is ${expected}`
  if (operand === "Body") return `Body contains ${expected}`
  return operand
}

function listPhases(phases: Phases) {
  const answer = sum(phases.first_byte_ms, phases.body_ms)
  const all = [
    { name: "DNS", ms: phases.dns_ms, strength: 0.35 },
    { name: "connect", ms: phases.connect_ms, strength: 0.5 },
    { name: "TLS", ms: phases.tls_ms, strength: 0.7 },
    { name: "answer", ms: answer, strength: 1 },
  ]
  return all.flatMap(({ name, ms, strength }) => (ms === null ? [] : [{ name, ms, strength }]))
}

// On a loopback a phase takes microseconds; it took place all the same.
function roundMs(ms: number): string {
  return ms > 0 && ms < 0.5 ? "<1" : String(Math.round(ms))
}

function sum(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0)
}

function phaseStyle(ms: number, strength: number): CSSProperties {
  return { flexGrow: ms, "--o": strength } as CSSProperties
}
