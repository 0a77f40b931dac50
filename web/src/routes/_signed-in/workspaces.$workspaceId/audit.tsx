import { useQuery, useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, Link } from "@tanstack/react-router"
import type { AuditEntry, Workspace } from "@/api"
import { RouteErrorPage } from "@/components/route-states"
import { Button } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { AuditFilterFields } from "@/features/audit/audit-filter"
import { AuditList } from "@/features/audit/audit-list"
import { type AuditFilter, auditQuery } from "@/features/audit/queries"
import { membersQuery } from "@/features/members/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { servicesQuery } from "@/features/services/queries"
import { SettingsPage } from "@/features/workspaces/settings-page"
import { SettingsSkeleton } from "@/features/workspaces/settings-skeleton"
import { useNow } from "@/lib/use-now"

const STEP_MS = 10_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/audit")({
  validateSearch: ({ person, service }: Record<string, unknown>): AuditFilter => ({
    person: readId(person),
    service: readId(service),
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, params: { workspaceId }, deps }) => {
    const workspace = await queryClient.ensureQueryData(workspaceQuery(workspaceId))
    if (mayRead(workspace)) {
      await queryClient.ensureInfiniteQueryData(auditQuery(workspaceId, deps))
    }
  },
  pendingComponent: SettingsSkeleton,
  errorComponent: RouteErrorPage,
  component: AuditPage,
})

function AuditPage() {
  const { workspaceId } = Route.useParams()
  const { data: workspace } = useSuspenseQuery(workspaceQuery(workspaceId))
  return (
    <SettingsPage
      workspace={workspace}
      title="History"
      lead={
        workspace.role === "owner"
          ? "Who changed what in this workspace."
          : "Who changed what about its services."
      }
    >
      {mayRead(workspace) ? (
        <History workspace={workspace} />
      ) : (
        <EmptyState
          action={
            <Link to="/workspaces/$workspaceId" params={{ workspaceId }}>
              Back to the services
            </Link>
          }
        >
          Only owners and admins of this workspace read its history.
        </EmptyState>
      )}
    </SettingsPage>
  )
}

function History({ workspace }: { workspace: Workspace }) {
  const filter = Route.useSearch()
  const navigate = Route.useNavigate()
  const { data: members = [] } = useQuery(membersQuery(workspace.id))
  const { data: services = [] } = useQuery(servicesQuery(workspace.id))
  // Nothing rings for a new line, so the page asks by itself.
  const list = useSuspenseInfiniteQuery({
    ...auditQuery(workspace.id, filter),
    refetchInterval: FALLBACK_REFRESH_MS,
  })
  const now = useNow(STEP_MS)
  const entries: AuditEntry[] = list.data.pages.flatMap((page) => page.items)
  const setFilter = (change: AuditFilter) =>
    void navigate({
      search: (before) => ({ ...before, ...change }),
      replace: true,
      resetScroll: false,
      viewTransition: false,
    })
  return (
    <>
      <StaleLine updatedAt={list.dataUpdatedAt} />
      <AuditFilterFields
        filter={filter}
        people={members.map(({ account_id, name }) => ({ id: account_id, name }))}
        services={services}
        onFilter={setFilter}
      />
      {entries.length === 0 ? (
        <EmptyState
          action={
            <Button onClick={() => setFilter({ person: undefined, service: undefined })}>
              Show everything
            </Button>
          }
        >
          Nothing of this kind happened yet.
        </EmptyState>
      ) : (
        <AuditList
          entries={entries}
          now={now}
          zone={workspace.time_zone}
          hasOlder={list.hasNextPage}
          isLoadingOlder={list.isFetchingNextPage}
          onOlder={() => void list.fetchNextPage()}
        />
      )}
    </>
  )
}

function mayRead({ may }: Workspace): boolean {
  return may.includes("audit.read")
}

function readId(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined
}
