import type { AuditEntry } from "@/api"
import { Button } from "@/components/ui/button"
import styles from "./audit.module.css"
import { AuditLine } from "./audit-line"

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
          <AuditLine key={entry.id} entry={entry} now={now} zone={zone} />
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
