import { useQuery, useSuspenseQuery } from "@tanstack/react-query"
import { lazy, type ReactNode, Suspense, useState } from "react"
import type { Counts, WorkspaceSummary } from "@/api"
import { instanceQuery, meQuery } from "@/features/account/queries"
import { useLogOut } from "@/features/account/use-log-out"
import { membersQuery } from "@/features/members/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { AppShell } from "@/features/shell/app-shell"
import { findLastWorkspace } from "@/lib/last-workspace"

// What few people see, nobody waits for.
const UnverifiedNotice = lazy(async () => ({
  default: (await import("@/features/account/unverified-notice")).UnverifiedNotice,
}))
const NewWorkspaceDialog = lazy(async () => ({
  default: (await import("@/features/workspaces/new-workspace-dialog")).NewWorkspaceDialog,
}))

type SignedInShellProps = {
  /** The workspace that the page belongs to; without one the navigation shows the one seen last. */
  workspace?: WorkspaceSummary
  /** A line above the page. */
  notice?: ReactNode
  children: ReactNode
}

/** The frame of every signed-in page, filled with who is signed in and where they are. */
export function SignedInShell({ workspace: given, notice, children }: SignedInShellProps) {
  const { data: me } = useSuspenseQuery(meQuery())
  const { data: instance } = useQuery(instanceQuery())
  const { logOut } = useLogOut()
  const [isMaking, setMaking] = useState(false)
  // What is cached is newer than what the route found when it was entered.
  const workspace =
    me.workspaces.find(({ id }) => id === given?.id) ?? given ?? findLastWorkspace(me.workspaces)
  return (
    <AppShell
      me={me}
      workspace={workspace}
      counts={useCounts(workspace?.id)}
      onLogOut={logOut}
      onNewWorkspace={() => setMaking(true)}
      notice={
        <>
          {!me.email_verified && instance?.mail && (
            <Suspense>
              <UnverifiedNotice email={me.email} />
            </Suspense>
          )}
          {notice}
        </>
      }
    >
      {children}
      {isMaking && (
        <Suspense>
          <NewWorkspaceDialog onClose={() => setMaking(false)} />
        </Suspense>
      )}
    </AppShell>
  )
}

function useCounts(workspaceId = "") {
  const enabled = workspaceId !== ""
  const { data: figures } = useQuery({ ...workspaceQuery(workspaceId), enabled })
  const { data: members } = useQuery({ ...membersQuery(workspaceId), enabled })
  return { services: figures && countServices(figures.counts), members: members?.length }
}

function countServices(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
