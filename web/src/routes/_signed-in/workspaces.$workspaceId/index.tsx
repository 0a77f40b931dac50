import { useQuery, useSuspenseQuery } from "@tanstack/react-query"
import {
  createFileRoute,
  type ErrorComponentProps,
  lazyRouteComponent,
  useRouter,
} from "@tanstack/react-router"
import { lazy, Suspense, useCallback } from "react"
import type { Range } from "@/api"
import { PageTitle } from "@/components/page-title"
import { ErrorState } from "@/components/ui/error-state"
import { instanceQuery } from "@/features/account/queries"
import { Announcement } from "@/features/overview/announcement"
import { ProberLine } from "@/features/overview/prober-line"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { SummarySlab } from "@/features/overview/summary-slab"
import { WorkspaceHead } from "@/features/overview/workspace-head"
import { type PageSearch, readPageSearch } from "@/features/services/page-search"
import { servicesQuery } from "@/features/services/queries"
import { ServiceDetailSkeleton } from "@/features/services/service-detail-skeleton"
import { ServiceList } from "@/features/services/service-list"
import { ServicesSkeleton } from "@/features/services/services-skeleton"
import { StripLegend } from "@/features/services/strip-legend"
import { useLiveState } from "@/lib/live"

// The list stands without what an open row holds; it is fetched beside the data, for the first press.
// Once it is there it is drawn at once: the pipes of a row could not grow into a skeleton.
const ServiceDetail = lazyRouteComponent(
  () => import("@/features/services/service-detail"),
  "ServiceDetail",
)
// Nor with what an empty page says.
const EmptyServices = lazy(async () => ({
  default: (await import("@/features/services/empty-services")).EmptyServices,
}))

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/")({
  validateSearch: readPageSearch,
  loader: ({ context: { queryClient }, params: { workspaceId } }) => {
    void ServiceDetail.preload?.()
    return Promise.all([
      queryClient.ensureQueryData(workspaceQuery(workspaceId)),
      queryClient.ensureQueryData(servicesQuery(workspaceId)),
    ])
  },
  pendingMs: 200,
  pendingMinMs: 400,
  pendingComponent: ServicesSkeleton,
  errorComponent: PageError,
  component: ServicesPage,
})

function ServicesPage() {
  const { workspaceId } = Route.useParams()
  const { show = "all", q = "", open, range = "7d" } = Route.useSearch()
  const { setSearch, toggle } = usePageNavigation()
  const live = useLiveState()
  const refetchInterval = live.connected ? false : FALLBACK_REFRESH_MS
  const overview = useSuspenseQuery({ ...workspaceQuery(workspaceId), refetchInterval })
  const list = useSuspenseQuery({ ...servicesQuery(workspaceId), refetchInterval })
  const { data: instance } = useQuery(instanceQuery())
  const workspace = overview.data
  const services = list.data

  return (
    <div className="wrap">
      <PageTitle>{workspace.name}</PageTitle>
      <StaleLine updatedAt={Math.min(overview.dataUpdatedAt, list.dataUpdatedAt)} />
      <ProberLine workspace={workspace} now={overview.dataUpdatedAt} />
      <WorkspaceHead workspace={workspace} isEmpty={services.length === 0} />
      {services.length === 0 ? (
        <Suspense>
          <EmptyServices
            workspaceId={workspaceId}
            canAdd={workspace.may.includes("service.write")}
          />
        </Suspense>
      ) : (
        <>
          <SummarySlab workspace={workspace} />
          <Announcement workspace={workspace} />
          <ServiceList
            services={services}
            show={show}
            words={q}
            openId={open}
            onShow={(next) => setSearch({ show: next === "all" ? undefined : next })}
            onWords={(next) => setSearch({ q: next || undefined })}
            onToggle={toggle}
            renderDetail={(row) => (
              <Suspense fallback={<ServiceDetailSkeleton />}>
                <ServiceDetail
                  row={row}
                  workspaceId={workspaceId}
                  hasMail={instance?.mail ?? true}
                  range={range}
                  onRange={(next: Range) => setSearch({ range: next })}
                  onDeleted={() => setSearch({ open: undefined })}
                />
              </Suspense>
            )}
          />
          <StripLegend zone={workspace.time_zone} />
        </>
      )}
    </div>
  )
}

/** Filters, range and the open row live in the URL, so that a link shows what its sender saw. */
function usePageNavigation() {
  const navigate = Route.useNavigate()
  const setSearch = useCallback(
    (change: Partial<PageSearch>) =>
      void navigate({
        search: (before) => ({ ...before, ...change }),
        replace: true,
        resetScroll: false,
        // A cross-fade at every letter that is typed would be motion without a meaning.
        viewTransition: false,
      }),
    [navigate],
  )
  const toggle = useCallback(
    (serviceId: string) =>
      void navigate({
        search: (before) => ({
          ...before,
          open: before.open === serviceId ? undefined : serviceId,
        }),
        resetScroll: false,
        viewTransition: true,
      }),
    [navigate],
  )
  return { setSearch, toggle }
}

function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return (
    <div className="wrap">
      <div className="ph">
        <h1>Services</h1>
      </div>
      <ErrorState error={error} onRetry={retry} />
    </div>
  )
}
