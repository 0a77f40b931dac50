import { useNavigate } from "@tanstack/react-router"
import { useId } from "react"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { NewWorkspaceField, useNewWorkspace } from "./new-workspace-form"

/** Asks for the name of a new workspace, and goes there. */
export function NewWorkspaceDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const navigate = useNavigate()
  const form = useNewWorkspace(async (workspaceId) => {
    onClose()
    await navigate({ to: "/workspaces/$workspaceId", params: { workspaceId } })
  })
  return (
    <Dialog
      open
      title="New workspace"
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="primary" busy={form.busy}>
            Create
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={form.handleSubmit} noValidate>
        <NewWorkspaceField form={form} label="Name" />
      </form>
    </Dialog>
  )
}
