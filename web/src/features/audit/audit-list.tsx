import type { AuditEntry } from "@/api"
import { Button } from "@/components/ui/button"
import { formatAgo } from "@/lib/format"
import styles from "./audit.module.css"

interface AuditListProps {
  entries: readonly AuditEntry[]
  now: number
  zone: string
  hasOlder: boolean
  isLoadingOlder: boolean
  onOlder: () => void
}

/** Who did what, newest first. */
export function AuditList({ entries, now, zone, ...paging }: AuditListProps) {
  return (
    <>
      <ul className={styles.list} aria-label="History">
        {entries.map((entry) => (
          <li key={entry.id}>
            <p>
              <b className="med">{nameActor(entry)}</b> {entry.summary}
              {entry.service_name && <span className="t3"> · {entry.service_name}</span>}
            </p>
            <time className="sm t3 num" dateTime={entry.at} title={entry.at}>
              {formatAgo(entry.at, now, zone)}
            </time>
          </li>
        ))}
      </ul>
      {paging.hasOlder && (
        <div className={styles.more}>
          <Button busy={paging.isLoadingOlder} onClick={paging.onOlder}>
            Show older lines
          </Button>
        </div>
      )}
    </>
  )
}

/** Who did it: a name, Allgreen itself, or somebody whose account is gone. */
function nameActor({ who }: AuditEntry): string {
  if (who === null) return "Allgreen"
  return who.name ?? "Somebody who is gone"
}
