import { useQuery, useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps } from "@tanstack/react-router"
import type { DeletedWorkspace } from "@/api"
import { PageTitle } from "@/components/page-title"
import { RouteErrorPage } from "@/components/route-states"
import { meQuery } from "@/features/account/queries"
import styles from "@/features/dashboard/dashboard.module.css"
import { DashboardSkeleton } from "@/features/dashboard/dashboard-skeleton"
import { DeletedList } from "@/features/dashboard/deleted-list"
import { InvitationCard } from "@/features/dashboard/invitation-card"
import { LatestEvents } from "@/features/dashboard/latest-events"
import { NowSlab } from "@/features/dashboard/now-slab"
import { OfferCard } from "@/features/dashboard/offer-card"
import { dashboardQuery } from "@/features/dashboard/queries"
import { addCounts } from "@/features/dashboard/summary"
import { WorkspaceCard } from "@/features/dashboard/workspace-card"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { TabState } from "@/features/overview/tab-state"
import { useRestoreWorkspace } from "@/features/workspaces/mutations"
import { NewWorkspaceForm } from "@/features/workspaces/new-workspace-form"
import { useNow } from "@/lib/use-now"
import { SignedInShell } from "./-signed-in-shell"

const STEP_MS = 10_000
const MOST_EVENTS = 6

export const Route = createFileRoute("/_signed-in/")({
  // What is out of date is not shown first: the page says how all is now.
  loader: ({ context: { queryClient } }) => queryClient.fetchQuery(dashboardQuery()),
  codeSplitGroupings: [["component"], ["pendingComponent", "errorComponent"]],
  pendingComponent: () => (
    <SignedInShell>
      <DashboardSkeleton />
    </SignedInShell>
  ),
  errorComponent: (props: ErrorComponentProps) => (
    <SignedInShell>
      <RouteErrorPage {...props} />
    </SignedInShell>
  ),
  component: () => (
    <SignedInShell>
      <Dashboard />
    </SignedInShell>
  ),
})

// The event stream is of one workspace, so this page, which is of all, asks by itself.
const POLLING = { refetchInterval: FALLBACK_REFRESH_MS } as const

function Dashboard() {
  const { data, dataUpdatedAt } = useSuspenseQuery({ ...dashboardQuery(), ...POLLING })
  // For the frame: it lists the workspaces too.
  useQuery({ ...meQuery(), ...POLLING })
  const navigate = Route.useNavigate()
  const now = useNow(STEP_MS)
  const goInto = (workspaceId: string) =>
    navigate({ to: "/workspaces/$workspaceId", params: { workspaceId } })
  const { workspaces, invitations, events, deleted } = data
  return (
    <div className="wrap">
      <PageTitle>Workspaces</PageTitle>
      {workspaces.length > 0 && (
        <TabState counts={addCounts(workspaces)} updatedAt={dataUpdatedAt} isPolled />
      )}
      <StaleLine updatedAt={dataUpdatedAt} isPolled />
      {workspaces.length > 0 && <NowSlab workspaces={workspaces} />}
      {workspaces.length === 0 && <NoWorkspaceHead />}
      {invitations.map((invitation, index) => (
        <InvitationCard
          key={invitation.id}
          invitation={invitation}
          isPrimary={index === 0}
          onJoined={goInto}
        />
      ))}
      {workspaces.map((workspace) => (
        <OfferCard key={workspace.id} workspace={workspace} />
      ))}
      <div className={styles.title}>
        <h2>Workspaces</h2>
        <span className="t3">{workspaces.length}</span>
      </div>
      <div className={styles.cards}>
        {workspaces.map((workspace) => (
          <WorkspaceCard key={workspace.id} workspace={workspace} />
        ))}
        <NewWorkspaceForm
          className={styles.new}
          isPrimary={invitations.length === 0}
          onCreated={goInto}
        />
      </div>
      <LatestEvents events={events.slice(0, MOST_EVENTS)} workspaces={workspaces} now={now} />
      <Deleted workspaces={deleted} now={now} zone={workspaces[0]?.time_zone ?? "UTC"} />
    </div>
  )
}

interface DeletedProps {
  workspaces: readonly DeletedWorkspace[]
  now: number
  zone: string
}

function Deleted(props: DeletedProps) {
  const restore = useRestoreWorkspace()
  return (
    <DeletedList
      {...props}
      busyId={restore.isPending ? restore.variables : undefined}
      onRestore={(workspaceId) => restore.mutate(workspaceId)}
    />
  )
}

/** Whom no workspace knows: they are new, or were removed from the last one. */
function NoWorkspaceHead() {
  return (
    <div className="ph">
      <div>
        <h1>You are in no workspace</h1>
        <p>Make one of your own, or ask an owner to invite you.</p>
      </div>
    </div>
  )
}
