import {
  type InfiniteData,
  useInfiniteQuery,
  useQuery,
  useSuspenseQuery,
} from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router"
import { ArrowLeft } from "lucide-react"
import type { DeliveryPage, IncidentInFull } from "@/api"
import { PageTitle } from "@/components/page-title"
import { buttonClass } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { instanceQuery } from "@/features/account/queries"
import { CauseCard } from "@/features/incidents/cause-card"
import { IncidentDays } from "@/features/incidents/incident-days"
import { IncidentSkeleton } from "@/features/incidents/incident-skeleton"
import { IncidentSlab } from "@/features/incidents/incident-slab"
import styles from "@/features/incidents/incidents.module.css"
import { incidentQuery } from "@/features/incidents/queries"
import { Timeline } from "@/features/incidents/timeline"
import { GivenUpNote, QuietNote, ToldCount } from "@/features/incidents/told-note"
import { writeSentence } from "@/features/incidents/words"
import { MessageList } from "@/features/messages/message-list"
import { NoMailNotice } from "@/features/messages/no-mail-notice"
import { messagesQuery } from "@/features/messages/queries"
import { FALLBACK_REFRESH_MS, StaleLine, useStaleness } from "@/features/overview/stale-line"
import { isNotFound } from "@/lib/api-error"
import { useLiveState } from "@/lib/live"
import { useNow } from "@/lib/use-now"

/** What the address says, beside the outage: which message is open. */
type IncidentSearch = { open?: string }

const STEP_MS = 10_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/incidents/$incidentId")({
  validateSearch: ({ open }: Record<string, unknown>): IncidentSearch => ({
    open: typeof open === "string" && open !== "" ? open : undefined,
  }),
  loader: ({ context: { queryClient, workspace }, params: { incidentId } }) =>
    queryClient.ensureQueryData(incidentQuery(workspace.id, incidentId)),
  codeSplitGroupings: [
    ["loader", "component"],
    ["pendingComponent", "errorComponent"],
  ],
  pendingComponent: IncidentSkeleton,
  errorComponent: PageError,
  component: IncidentPage,
})

function IncidentPage() {
  const { workspace } = Route.useRouteContext()
  const { incidentId } = Route.useParams()
  const live = useLiveState()
  const refetchInterval = live.connected ? false : FALLBACK_REFRESH_MS
  const { data: incident, dataUpdatedAt } = useSuspenseQuery({
    ...incidentQuery(workspace.id, incidentId),
    refetchInterval,
  })
  const mayRead = workspace.may.includes("delivery.read")
  const messages = useInfiniteQuery({
    ...messagesQuery(workspace.id, incidentId),
    refetchInterval,
    enabled: mayRead,
  })
  const now = useNow(STEP_MS)
  const { since } = useStaleness(dataUpdatedAt)
  const zone = workspace.time_zone
  const deliveries = itemsOf(messages.data)
  // Somebody in two workspaces may read it, but not as part of this one.
  if (incident.workspace_id !== workspace.id) return <NoSuchIncident workspaceId={workspace.id} />
  return (
    <div className="wrap">
      <PageTitle>{writeSentence(incident).replace(/\.$/, "")}</PageTitle>
      <Crumbs incident={incident} />
      <StaleLine updatedAt={dataUpdatedAt} />
      <IncidentSlab incident={incident} now={now} zone={zone} isStale={since !== null} />
      <QuietNote incident={incident} />
      <div className={styles.columns}>
        <Timeline moments={incident.moments} zone={zone} deliveries={deliveries} />
        <div className={styles.right}>
          <CauseCard incident={incident} zone={zone} />
          <IncidentDays incident={incident} />
        </div>
      </div>
      <section className={styles.told} aria-labelledby="told">
        <h2 id="told">Who was told</h2>
        {mayRead ? (
          <Messages
            incident={incident}
            messages={messages}
            mayEdit={workspace.may.includes("service.write")}
          />
        ) : (
          <ToldCount incident={incident} />
        )}
      </section>
    </div>
  )
}

interface MessagesProps {
  incident: IncidentInFull
  messages: ReturnType<typeof useInfiniteQuery<DeliveryPage>>
  mayEdit: boolean
}

/** The messages about it, each with what became of it and its text. */
function Messages({ incident, messages, mayEdit }: MessagesProps) {
  const { open } = Route.useSearch()
  const { workspace } = Route.useRouteContext()
  const navigate = Route.useNavigate()
  const { data: instance } = useQuery(instanceQuery())
  const deliveries = itemsOf(messages.data)
  const toggle = (messageId: string) =>
    void navigate({
      search: { open: messageId === open ? undefined : messageId },
      resetScroll: false,
      viewTransition: false,
    })
  if (messages.error) {
    return <ErrorState error={messages.error} onRetry={() => void messages.refetch()} />
  }
  if (messages.isPending) return <Skeleton height={180} radius="var(--r-4)" />
  if (deliveries.length === 0) return <p className="sm t2">Nobody was told of it.</p>
  return (
    <>
      {instance?.mail === false && <NoMailNotice />}
      <GivenUpNote incident={incident} deliveries={deliveries} mayEdit={mayEdit} />
      <MessageList
        messages={deliveries}
        zone={workspace.time_zone}
        openId={open}
        onToggle={toggle}
        hasOlder={messages.hasNextPage}
        isLoadingOlder={messages.isFetchingNextPage}
        onOlder={() => void messages.fetchNextPage()}
      />
    </>
  )
}

function Crumbs({ incident }: { incident: IncidentInFull }) {
  const params = { workspaceId: incident.workspace_id }
  return (
    <div className={styles.crumbs}>
      <Link
        to="/workspaces/$workspaceId"
        params={params}
        className={buttonClass({ variant: "ghost", size: "sm" })}
      >
        <ArrowLeft className="ic" aria-hidden="true" />
        Services
      </Link>
      {!incident.service_is_deleted && (
        <Link
          to="/workspaces/$workspaceId"
          params={params}
          search={{ open: incident.service_id }}
          className={buttonClass({ size: "sm" })}
        >
          Open {incident.service_name}
        </Link>
      )}
    </div>
  )
}

function PageError({ error, reset }: ErrorComponentProps) {
  const { workspaceId } = Route.useParams()
  const router = useRouter()
  if (isNotFound(error)) return <NoSuchIncident workspaceId={workspaceId} />
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return (
    <div className="wrap">
      <PageTitle>Incident</PageTitle>
      <div className="ph">
        <h1>Incident</h1>
      </div>
      <ErrorState error={error} onRetry={retry} />
    </div>
  )
}

function NoSuchIncident({ workspaceId }: { workspaceId: string }) {
  return (
    <div className="wrap">
      <PageTitle>No such incident</PageTitle>
      <div className="ph">
        <h1>Incident</h1>
      </div>
      <EmptyState
        action={
          <Link to="/workspaces/$workspaceId" params={{ workspaceId }} className={buttonClass()}>
            Go to the services
          </Link>
        }
      >
        There is no such incident, or it is not yours.
      </EmptyState>
    </div>
  )
}

function itemsOf(data: InfiniteData<DeliveryPage> | undefined) {
  return data?.pages.flatMap((page) => page.items) ?? []
}
