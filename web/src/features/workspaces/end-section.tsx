import { useId, useState } from "react"
import type { Workspace } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { describeError } from "@/lib/api-client"
import { useShortForm } from "@/lib/short-form"
import { useDeleteWorkspace, useLeaveWorkspace } from "./mutations"
import styles from "./workspaces.module.css"

type EndSectionProps = {
  workspace: Workspace
  /** Nobody would own it any more if the reader left. */
  isLastOwner: boolean
  /** Go where the reader still may be. */
  onGone: () => Promise<void>
}

/** The two ways out: leave it to the others, or delete it for all. */
export function EndSection({ workspace, isLastOwner, onGone }: EndSectionProps) {
  const [asking, setAsking] = useState<"leave" | "delete" | null>(null)
  const close = () => setAsking(null)
  return (
    <SettingsSection>
      <SettingsLine
        title="Leave this workspace"
        text={
          isLastOwner
            ? "You are its only owner. Transfer it first, or delete it."
            : "You see nothing of it any more, and are told of none of its services."
        }
      >
        {!isLastOwner && (
          <Button variant="danger" onClick={() => setAsking("leave")}>
            Leave…
          </Button>
        )}
      </SettingsLine>
      {workspace.may.includes("workspace.delete") && (
        <SettingsLine
          title="Delete this workspace"
          text="Nothing in it is checked any more. For seven days its owners can have it back."
        >
          <Button variant="danger" onClick={() => setAsking("delete")}>
            Delete workspace…
          </Button>
        </SettingsLine>
      )}
      {asking === "leave" && <LeaveDialog workspace={workspace} onGone={onGone} onClose={close} />}
      {asking === "delete" && (
        <DeleteDialog workspace={workspace} onGone={onGone} onClose={close} />
      )}
    </SettingsSection>
  )
}

type EndDialogProps = { workspace: Workspace; onGone: () => Promise<void>; onClose: () => void }

function LeaveDialog({ workspace, onGone, onClose }: EndDialogProps) {
  const leave = useLeaveWorkspace(workspace, onGone)
  return (
    <Dialog
      open
      title={`Leave ${workspace.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Stay
          </Button>
          <Button variant="destroy" busy={leave.isPending} onClick={() => leave.mutate()}>
            Leave
          </Button>
        </>
      }
    >
      <p>Your keys of this workspace stop working. To come back you need an invitation.</p>
      <FormFailure>{leave.error && describeError(leave.error)}</FormFailure>
    </Dialog>
  )
}

function DeleteDialog({ workspace, onGone, onClose }: EndDialogProps) {
  const formId = useId()
  const remove = useDeleteWorkspace(workspace, onGone)
  const form = useShortForm({
    check: ({ name = "" }): Record<string, string> =>
      name.trim() === workspace.name
        ? {}
        : { name: `Type ${workspace.name}, exactly as it stands above.` },
    send: ({ name = "" }) => remove(name.trim()),
  })
  return (
    <Dialog
      open
      title={`Delete ${workspace.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" form={formId} variant="destroy" busy={form.busy}>
            Delete workspace
          </Button>
        </>
      }
    >
      <form id={formId} className={styles.fields} onSubmit={form.handleSubmit} noValidate>
        <p>
          Its services are not checked any more, its members lose it, and its status page is gone.
          After seven days nothing can bring it back.
        </p>
        <Field
          label={
            <>
              Type <b>{workspace.name}</b> to confirm
            </>
          }
          error={form.errors.name}
        >
          {(control) => <Input {...control} name="name" autoComplete="off" />}
        </Field>
        <FormFailure>{form.failure}</FormFailure>
      </form>
    </Dialog>
  )
}
