import type { Member } from "@/api"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { FormFailure } from "@/components/ui/form-failure"
import { describeError } from "@/lib/api-client"
import { useRemoveMember } from "./mutations"

export interface RemoveMemberDialogProps {
  workspace: { id: string; name: string }
  /** Who is to go; nobody while it is closed. */
  member: Member | null
  onClose: () => void
}

/** Asks before somebody loses the workspace. */
export function RemoveMemberDialog({ workspace, member, onClose }: RemoveMemberDialogProps) {
  const removal = useRemoveMember(workspace.id, onClose)
  const close = () => {
    removal.reset()
    onClose()
  }
  return (
    <Dialog
      open={member !== null}
      title={`Remove ${member?.name}?`}
      onClose={close}
      actions={
        <>
          <Button variant="ghost" onClick={close}>
            Keep them
          </Button>
          <Button
            variant="destroy"
            busy={removal.isPending}
            onClick={() => member && removal.mutate(member)}
          >
            Remove
          </Button>
        </>
      }
    >
      <p>
        They see nothing of {workspace.name} any more, and are told of none of its services. Their
        keys stop working.
      </p>
      <FormFailure>{removal.error && describeError(removal.error)}</FormFailure>
    </Dialog>
  )
}
