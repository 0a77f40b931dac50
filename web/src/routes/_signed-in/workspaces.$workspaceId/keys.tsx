import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute } from "@tanstack/react-router"
import { RouteErrorPage } from "@/components/route-states"
import { KeyList } from "@/features/keys/key-list"
import { MakeKeyForm } from "@/features/keys/make-key-form"
import { keysQuery } from "@/features/keys/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { SettingsPage } from "@/features/workspaces/settings-page"
import { SettingsSkeleton } from "@/features/workspaces/settings-skeleton"
import { useLiveState } from "@/lib/live"
import { useNow } from "@/lib/use-now"

const STEP_MS = 60_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/keys")({
  loader: ({ context: { queryClient }, params: { workspaceId } }) =>
    Promise.all([
      queryClient.ensureQueryData(workspaceQuery(workspaceId)),
      queryClient.ensureQueryData(keysQuery(workspaceId)),
    ]),
  pendingComponent: SettingsSkeleton,
  errorComponent: RouteErrorPage,
  component: KeysPage,
})

function KeysPage() {
  const { workspaceId } = Route.useParams()
  const live = useLiveState()
  const { data: workspace } = useSuspenseQuery(workspaceQuery(workspaceId))
  const list = useSuspenseQuery({
    ...keysQuery(workspaceId),
    refetchInterval: live.connected ? false : FALLBACK_REFRESH_MS,
  })
  const now = useNow(STEP_MS)
  return (
    <SettingsPage
      workspace={workspace}
      title="API keys"
      lead="For programs that read this workspace or change its services."
    >
      <StaleLine updatedAt={list.dataUpdatedAt} />
      <MakeKeyForm workspaceId={workspaceId} canWrite={workspace.may.includes("service.write")} />
      <KeyList workspaceId={workspaceId} keys={list.data} now={now} zone={workspace.time_zone} />
    </SettingsPage>
  )
}
