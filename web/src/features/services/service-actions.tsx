import { Pause, Play, RotateCw } from "lucide-react"
import { useState } from "react"
import type { Service } from "@/api"
import { Button } from "@/components/ui/button"
import { DeleteServiceDialog } from "./delete-service-dialog"
import { useCheckNow, usePauseOrResume } from "./mutations"
import styles from "./service-detail.module.css"

export interface ServiceActionsProps {
  service: Service
  workspaceId: string
  onDeleted: () => void
}

/** What can be done with a service from its row, as far as the reader may. */
export function ServiceActions({ service, workspaceId, onDeleted }: ServiceActionsProps) {
  const ref = { id: service.id, name: service.name, workspaceId }
  const check = useCheckNow(ref)
  const pauseOrResume = usePauseOrResume(ref)
  const [isDeleting, setDeleting] = useState(false)
  const canEdit = service.may.includes("service.write")
  const canCheck = service.may.includes("service.check_now") && service.mode === "active"
  if (!canEdit && !canCheck) return null
  return (
    <div className={styles.actions}>
      {canCheck && (
        <Button size="sm" busy={check.isPending} onClick={() => check.mutate()}>
          <RotateCw className="ic" aria-hidden="true" />
          Check now
        </Button>
      )}
      {canEdit && (
        <>
          <PauseButton
            isPaused={service.mode === "paused"}
            onPress={(mode) => pauseOrResume.mutate(mode)}
          />
          <Button size="sm" variant="danger" onClick={() => setDeleting(true)}>
            Delete…
          </Button>
          <DeleteServiceDialog
            service={ref}
            isOpen={isDeleting}
            onClose={() => setDeleting(false)}
            onDeleted={onDeleted}
          />
        </>
      )}
    </div>
  )
}

interface PauseButtonProps {
  isPaused: boolean
  onPress: (mode: Service["mode"]) => void
}

function PauseButton({ isPaused, onPress }: PauseButtonProps) {
  const Icon = isPaused ? Play : Pause
  return (
    <Button size="sm" onClick={() => onPress(isPaused ? "active" : "paused")}>
      <Icon className="ic" aria-hidden="true" />
      {isPaused ? "Resume" : "Pause"}
    </Button>
  )
}
