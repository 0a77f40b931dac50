import type { DeletedWorkspace } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { formatMoment } from "@/lib/format"
import styles from "./dashboard.module.css"

interface DeletedListProps {
  workspaces: readonly DeletedWorkspace[]
  now: number
  zone: string
  /** Which one is on its way back. */
  busyId: string | undefined
  onRestore: (workspaceId: string) => void
}

/** Workspaces that the reader deleted and can have back. */
export function DeletedList({ workspaces, now, zone, busyId, onRestore }: DeletedListProps) {
  if (workspaces.length === 0) return null
  return (
    <>
      <div className={styles.title}>
        <h2>Deleted</h2>
        <span className="t3">{workspaces.length}</span>
      </div>
      <SettingsSection>
        {workspaces.map(({ id, name, until }) => (
          <SettingsLine
            key={id}
            title={name}
            text={`Nothing in it is checked. You can have it back until ${formatMoment(until, now, zone)}.`}
          >
            <Button
              aria-label={`Have it back: ${name}`}
              busy={busyId === id}
              onClick={() => onRestore(id)}
            >
              Have it back
            </Button>
          </SettingsLine>
        ))}
      </SettingsSection>
    </>
  )
}
