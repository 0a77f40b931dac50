import { ArrowRight, ChevronDown } from "lucide-react"
import { useState } from "react"
import type { AuditEntry } from "@/api"
import { cx } from "@/lib/class-names"
import { formatAgo } from "@/lib/format"
import styles from "./audit.module.css"
import { type Change, listChanges } from "./changes"

interface AuditLineProps {
  entry: AuditEntry
  now: number
  zone: string
}

/** Who did what, in one line; where something became something else, it opens to both. */
export function AuditLine({ entry, now, zone }: AuditLineProps) {
  const [isOpen, setOpen] = useState(false)
  const changes = listChanges(entry)
  const [subject, about] = nameSubject(entry)
  const changesId = `changes-${entry.id}`
  return (
    <li className={changes.length > 0 ? styles.opens : undefined}>
      <p className={cx(changes.length > 0 && !isOpen && "trunc")}>
        {subject && <b className="med">{subject}</b>} {entry.summary}
        {about && <span className="t3"> · {about}</span>}
      </p>
      <time className="sm t3 num" dateTime={entry.at} title={entry.at}>
        {formatAgo(entry.at, now, zone)}
      </time>
      {changes.length > 0 && (
        <button
          type="button"
          className={styles.expand}
          aria-expanded={isOpen}
          aria-controls={isOpen ? changesId : undefined}
          aria-label={`What became of what: ${subject} ${entry.summary}`}
          onClick={() => setOpen(!isOpen)}
        >
          <ChevronDown className="ic" aria-hidden="true" />
        </button>
      )}
      {isOpen && <Changes id={changesId} changes={changes} />}
    </li>
  )
}

function Changes({ id, changes }: { id: string; changes: readonly Change[] }) {
  return (
    <dl id={id} className={styles.changes}>
      {changes.map(({ label, before, after }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <span className="t3">{before}</span>
            <ArrowRight className="ic t3" aria-hidden="true" />
            <span className="vh">became</span>
            <span>{after}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Of whom or what a line speaks, and about which service, where that is another thing. */
function nameSubject(entry: AuditEntry): [subject: string, about: string | null] {
  const { who, action, service_name } = entry
  if (who !== null) return [who.name ?? "Somebody who is gone", service_name]
  // Who followed a link in a mail has no account here: the line itself names them.
  if (action.startsWith("recipient.")) return ["", service_name]
  return [service_name ?? "Allgreen", null]
}
