import { useQuery } from "@tanstack/react-query"
import { createFileRoute, notFound, Outlet } from "@tanstack/react-router"
import type { Counts } from "@/api"
import { instanceQuery, meQuery } from "@/features/account/queries"
import { UnverifiedNotice } from "@/features/account/unverified-notice"
import { useLogOut } from "@/features/account/use-log-out"
import { workspaceQuery } from "@/features/overview/queries"
import { AppShell } from "@/features/shell/app-shell"
import { useLiveUpdates } from "@/lib/live"

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId")({
  beforeLoad: ({ context, params }) => {
    const workspace = context.me.workspaces.find((one) => one.id === params.workspaceId)
    if (!workspace) throw notFound()
    return { workspace }
  },
  component: WorkspaceLayout,
})

function WorkspaceLayout() {
  const context = Route.useRouteContext()
  const { data: me = context.me } = useQuery(meQuery())
  const workspace = me.workspaces.find((one) => one.id === context.workspace.id)
  const { data: instance } = useQuery(instanceQuery())
  const { data: figures } = useQuery(workspaceQuery(context.workspace.id))
  const { logOut } = useLogOut()
  useLiveUpdates(context.workspace.id)
  return (
    <AppShell
      me={me}
      workspace={workspace ?? context.workspace}
      serviceCount={figures && countServices(figures.counts)}
      onLogOut={logOut}
      notice={!me.email_verified && instance?.mail && <UnverifiedNotice email={me.email} />}
    >
      <Outlet />
    </AppShell>
  )
}

function countServices(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
