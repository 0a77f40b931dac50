import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute } from "@tanstack/react-router"
import { RouteErrorPage } from "@/components/route-states"
import { membersQuery } from "@/features/members/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { EndSection } from "@/features/workspaces/end-section"
import { GeneralSection } from "@/features/workspaces/general-section"
import { SettingsPage } from "@/features/workspaces/settings-page"
import { SettingsSkeleton } from "@/features/workspaces/settings-skeleton"
import { TransferSection } from "@/features/workspaces/transfer-section"
import { useLiveState } from "@/lib/live"
import { useNow } from "@/lib/use-now"

const STEP_MS = 60_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/settings")({
  loader: ({ context: { queryClient }, params: { workspaceId } }) =>
    Promise.all([
      queryClient.ensureQueryData(workspaceQuery(workspaceId)),
      queryClient.ensureQueryData(membersQuery(workspaceId)),
    ]),
  pendingComponent: SettingsSkeleton,
  errorComponent: RouteErrorPage,
  component: WorkspaceSettings,
})

function WorkspaceSettings() {
  const { workspaceId } = Route.useParams()
  const live = useLiveState()
  const refetchInterval = live.connected ? false : FALLBACK_REFRESH_MS
  const { data: workspace, dataUpdatedAt } = useSuspenseQuery({
    ...workspaceQuery(workspaceId),
    refetchInterval,
  })
  const { data: members } = useSuspenseQuery(membersQuery(workspaceId))
  const now = useNow(STEP_MS)
  const navigate = Route.useNavigate()
  const owners = members.filter(({ role }) => role === "owner")
  const isOwner = workspace.role === "owner"
  return (
    <SettingsPage
      workspace={workspace}
      title="Workspace settings"
      lead={isOwner ? "These hold for everybody in it." : "Its owners change them."}
    >
      <StaleLine updatedAt={dataUpdatedAt} />
      {workspace.may.includes("workspace.write") && <GeneralSection workspace={workspace} />}
      {workspace.may.includes("workspace.transfer") && (
        <TransferSection
          workspace={workspace}
          takers={members.filter(({ role }) => role !== "owner")}
          now={now}
        />
      )}
      <EndSection
        workspace={workspace}
        isLastOwner={isOwner && owners.length === 1}
        onGone={() => navigate({ to: "/" })}
      />
    </SettingsPage>
  )
}
