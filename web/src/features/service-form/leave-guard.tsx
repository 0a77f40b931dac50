import { useBlocker } from "@tanstack/react-router"
import { useFormState } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import type { FormValues } from "./form-values"

/** Ask before what was typed is thrown away: by a link, by closing the tab, by an ended session. */
export function LeaveGuard() {
  const { isDirty, isSubmitting } = useFormState<FormValues>()
  // Saving ends in leaving the page, which is what was asked for.
  const isUnsaved = isDirty && !isSubmitting
  const blocker = useBlocker({
    shouldBlockFn: () => isUnsaved,
    enableBeforeUnload: isUnsaved,
    withResolver: true,
  })
  return (
    <Dialog
      open={blocker.status === "blocked"}
      title="Leave without saving?"
      onClose={() => blocker.reset?.()}
      actions={
        <>
          <Button onClick={() => blocker.reset?.()}>Stay</Button>
          <Button variant="destroy" onClick={() => blocker.proceed?.()}>
            Leave
          </Button>
        </>
      }
    >
      What you typed here is not kept.
    </Dialog>
  )
}
