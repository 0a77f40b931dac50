import { useQueries, useQuery, useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps } from "@tanstack/react-router"
import type { Workspace, WorkspaceSummary } from "@/api"
import { PageTitle } from "@/components/page-title"
import { RouteErrorPage } from "@/components/route-states"
import { meQuery } from "@/features/account/queries"
import styles from "@/features/dashboard/dashboard.module.css"
import { DashboardSkeleton } from "@/features/dashboard/dashboard-skeleton"
import { DeletedList } from "@/features/dashboard/deleted-list"
import { InvitationCard } from "@/features/dashboard/invitation-card"
import { LatestEvents } from "@/features/dashboard/latest-events"
import { NowSlab } from "@/features/dashboard/now-slab"
import { incidentsQuery, ownInvitationsQuery } from "@/features/dashboard/queries"
import { type Happened, listEvents } from "@/features/dashboard/summary"
import {
  WorkspaceCard,
  WorkspaceCardError,
  WorkspaceCardSkeleton,
} from "@/features/dashboard/workspace-card"
import { membersQuery } from "@/features/members/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { statusPageQuery } from "@/features/status-page/queries"
import { useRestoreWorkspace } from "@/features/workspaces/mutations"
import { NewWorkspaceForm } from "@/features/workspaces/new-workspace-form"
import { deletedWorkspacesQuery } from "@/features/workspaces/queries"
import { useNow } from "@/lib/use-now"
import { SignedInShell } from "./-signed-in-shell"

const STEP_MS = 10_000
const MOST_EVENTS = 6

export const Route = createFileRoute("/_signed-in/")({
  loader: async ({ context: { queryClient } }) => {
    const me = await queryClient.ensureQueryData(meQuery())
    // One room that does not answer must not close the others.
    await Promise.allSettled([
      queryClient.ensureQueryData(ownInvitationsQuery()),
      ...me.workspaces.map(({ id }) => queryClient.ensureQueryData(workspaceQuery(id))),
    ])
  },
  codeSplitGroupings: [["component"], ["pendingComponent"], ["errorComponent"]],
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
  const { data: me } = useSuspenseQuery({ ...meQuery(), ...POLLING })
  const { data: invitations = [] } = useQuery({ ...ownInvitationsQuery(), ...POLLING })
  const figures = useQueries({
    queries: me.workspaces.map(({ id }) => ({ ...workspaceQuery(id), ...POLLING })),
  })
  const outages = useQueries({
    queries: me.workspaces.map(({ id }) => ({ ...incidentsQuery(id), ...POLLING })),
  })
  const members = useQueries({ queries: me.workspaces.map(({ id }) => membersQuery(id)) })
  const pages = useQueries({ queries: me.workspaces.map(({ id }) => statusPageQuery(id)) })
  const navigate = Route.useNavigate()
  const now = useNow(STEP_MS)
  const goInto = (workspaceId: string) =>
    navigate({ to: "/workspaces/$workspaceId", params: { workspaceId } })
  const known = figures.flatMap(({ data }) => (data ? [data] : []))
  const happened = me.workspaces.map((workspace, index) => ({
    workspace: placeOf(workspace),
    incidents: outages[index]?.data ?? [],
  }))
  return (
    <div className="wrap">
      <PageTitle>{writeTitle(known)}</PageTitle>
      {known.length > 0 && (
        <StaleLine updatedAt={Math.min(...figures.map((one) => one.dataUpdatedAt))} isPolled />
      )}
      {known.length > 0 && <NowSlab workspaces={known} open={findOpen(happened)} />}
      {me.workspaces.length === 0 && <NoWorkspaceHead />}
      {invitations.map((invitation, index) => (
        <InvitationCard
          key={invitation.id}
          invitation={invitation}
          isPrimary={index === 0}
          onJoined={goInto}
        />
      ))}
      <div className={styles.title}>
        <h2>Workspaces</h2>
        <span className="t3">{me.workspaces.length}</span>
      </div>
      <div className={styles.cards}>
        {me.workspaces.map((summary, index) => {
          const { data, error, refetch } = figures[index] ?? {}
          if (data) {
            return (
              <WorkspaceCard
                key={summary.id}
                summary={summary}
                workspace={data}
                members={members[index]?.data}
                isPublic={pages[index]?.data?.is_published}
              />
            )
          }
          if (!error) return <WorkspaceCardSkeleton key={summary.id} />
          return (
            <WorkspaceCardError
              key={summary.id}
              summary={summary}
              error={error}
              onRetry={() => void refetch?.()}
            />
          )
        })}
        <NewWorkspaceForm
          className={styles.new}
          isPrimary={invitations.length === 0}
          onCreated={goInto}
        />
      </div>
      <LatestEvents events={listEvents(happened, MOST_EVENTS)} now={now} />
      <Deleted now={now} zone={me.workspaces[0]?.time_zone ?? "UTC"} />
    </div>
  )
}

function Deleted({ now, zone }: { now: number; zone: string }) {
  const { data: deleted = [] } = useQuery(deletedWorkspacesQuery())
  const restore = useRestoreWorkspace()
  return (
    <DeletedList
      workspaces={deleted}
      now={now}
      zone={zone}
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

function placeOf({ id, name, time_zone }: WorkspaceSummary) {
  return { id, name, zone: time_zone }
}

function findOpen(happened: readonly Happened[]) {
  for (const { workspace, incidents } of happened) {
    const incident = incidents.find(({ ended_at }) => ended_at === null)
    if (incident) return { workspaceId: workspace.id, incident }
  }
  return null
}

/** The title of the tab starts with the worst: `1 down · Workspaces`. */
function writeTitle(workspaces: readonly Workspace[]): string {
  const down = workspaces.reduce((sum, { counts }) => sum + counts.down, 0)
  return down > 0 ? `${down} down · Workspaces` : "Workspaces"
}
