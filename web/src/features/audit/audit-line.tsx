import { ChevronDown } from "lucide-react"
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
  const who = nameActor(entry)
  const changesId = `changes-${entry.id}`
  return (
    <li className={changes.length > 0 ? styles.opens : undefined}>
      <p className={cx(changes.length > 0 && !isOpen && "trunc")}>
        <b className="med">{who}</b> {entry.summary}
        {entry.service_name && <span className="t3"> · {entry.service_name}</span>}
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
          aria-label={`What became of what: ${who} ${entry.summary}`}
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
            <span className="t3">{before}</span> <span aria-hidden="true">→</span>
            <span className="vh">became</span> <span>{after}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Who did it: a name, Allgreen itself, or somebody whose account is gone. */
function nameActor({ who }: AuditEntry): string {
  if (who === null) return "Allgreen"
  return who.name ?? "Somebody who is gone"
}
