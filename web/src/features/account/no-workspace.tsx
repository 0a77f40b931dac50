import { Button } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { useLogOut } from "./use-log-out"

/** A signed-in person whom no workspace knows: they were removed from the last one. */
export function NoWorkspace() {
  const { logOut, busy } = useLogOut()
  return (
    <main>
      <EmptyState
        action={
          <Button busy={busy} onClick={logOut}>
            Log out
          </Button>
        }
      >
        You are not a member of any workspace. Ask an owner to invite you.
      </EmptyState>
    </main>
  )
}
