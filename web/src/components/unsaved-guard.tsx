import { useBlocker } from "@tanstack/react-router"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"

/** Ask before what was typed is thrown away: by a link, or by closing the tab. */
export function UnsavedGuard({ isUnsaved }: { isUnsaved: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved && current.pathname !== next.pathname,
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
