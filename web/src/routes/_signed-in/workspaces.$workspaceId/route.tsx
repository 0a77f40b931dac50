import { useQuery } from "@tanstack/react-query"
import { createFileRoute, notFound, Outlet } from "@tanstack/react-router"
import { lazy, Suspense, useEffect } from "react"
import { workspaceQuery } from "@/features/overview/queries"
import { WorkspaceTabState } from "@/features/overview/tab-state"
import { refreshRows } from "@/features/services/queries"
import { rememberWorkspace } from "@/lib/last-workspace"
import { useLiveUpdates } from "@/lib/live"
import { SignedInShell } from "../-signed-in-shell"

const OfferNotice = lazy(async () => ({
  default: (await import("@/features/workspaces/offer-notice")).OfferNotice,
}))

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId")({
  beforeLoad: ({ context, params }) => {
    const workspace = context.me.workspaces.find((one) => one.id === params.workspaceId)
    if (!workspace) throw notFound()
    return { workspace }
  },
  component: WorkspaceLayout,
})

function WorkspaceLayout() {
  const { workspace } = Route.useRouteContext()
  const { data: offer } = useQuery({
    ...workspaceQuery(workspace.id),
    select: (figures) => figures.offer,
  })
  useLiveUpdates(workspace.id, refreshRows)
  useEffect(() => rememberWorkspace(workspace.id), [workspace.id])
  return (
    <SignedInShell
      workspace={workspace}
      notice={
        offer?.you && (
          <Suspense>
            <OfferNotice workspaceId={workspace.id} offer={offer} />
          </Suspense>
        )
      }
    >
      <WorkspaceTabState workspaceId={workspace.id} />
      <Outlet />
    </SignedInShell>
  )
}
