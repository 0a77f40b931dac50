import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router"
import { PageTitle } from "@/components/page-title"
import { buttonClass } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { ErrorState } from "@/components/ui/error-state"
import { instanceQuery } from "@/features/account/queries"
import { MessageList } from "@/features/messages/message-list"
import { MessagesSkeleton } from "@/features/messages/messages-skeleton"
import { NoMailNotice } from "@/features/messages/no-mail-notice"
import { messagesQuery } from "@/features/messages/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { useLiveState } from "@/lib/live"

/** What the address says, beside the workspace: which message is open. */
type MessagesSearch = { open?: string }

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/messages")({
  validateSearch: ({ open }: Record<string, unknown>): MessagesSearch => ({
    open: typeof open === "string" && open !== "" ? open : undefined,
  }),
  loader: async ({ context: { queryClient, workspace } }) => {
    if (!workspace.may.includes("delivery.read")) return
    await Promise.all([
      queryClient.ensureInfiniteQueryData(messagesQuery(workspace.id)),
      queryClient.ensureQueryData(instanceQuery()),
    ])
  },
  pendingComponent: MessagesSkeleton,
  errorComponent: PageError,
  component: MessagesPage,
})

function MessagesPage() {
  const { workspace } = Route.useRouteContext()
  const services = {
    to: "/workspaces/$workspaceId",
    params: { workspaceId: workspace.id },
  } as const
  return (
    <div className="wrap">
      <PageTitle>{`Messages · ${workspace.name}`}</PageTitle>
      <Head />
      {workspace.may.includes("delivery.read") ? (
        <Messages />
      ) : (
        <EmptyState action={<Link {...services}>Back to the services</Link>}>
          Only owners and admins of this workspace read its messages.
        </EmptyState>
      )}
    </div>
  )
}

function Messages() {
  const { workspace } = Route.useRouteContext()
  const { open } = Route.useSearch()
  const navigate = Route.useNavigate()
  const live = useLiveState()
  const { data: instance } = useSuspenseQuery(instanceQuery())
  const list = useSuspenseInfiniteQuery({
    ...messagesQuery(workspace.id),
    refetchInterval: live.connected ? false : FALLBACK_REFRESH_MS,
  })
  const messages = list.data.pages.flatMap((page) => page.items)
  const toggle = (messageId: string) =>
    void navigate({
      search: { open: messageId === open ? undefined : messageId },
      resetScroll: false,
      viewTransition: false,
    })
  return (
    <>
      <StaleLine updatedAt={list.dataUpdatedAt} />
      {!instance.mail && <NoMailNotice />}
      {messages.length === 0 ? (
        <NoMessages workspaceId={workspace.id} />
      ) : (
        <MessageList
          messages={messages}
          zone={workspace.time_zone}
          openId={open}
          onToggle={toggle}
          hasOlder={list.hasNextPage}
          isLoadingOlder={list.isFetchingNextPage}
          onOlder={() => void list.fetchNextPage()}
        />
      )}
    </>
  )
}

function Head() {
  return (
    <div className="ph">
      <div>
        <h1>Messages</h1>
        <p>What Allgreen told whom about your services.</p>
      </div>
    </div>
  )
}

function NoMessages({ workspaceId }: { workspaceId: string }) {
  return (
    <EmptyState
      action={
        <Link to="/workspaces/$workspaceId" params={{ workspaceId }} className={buttonClass()}>
          Go to the services
        </Link>
      }
    >
      Nobody had to be told anything yet.
    </EmptyState>
  )
}

function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return (
    <div className="wrap">
      <Head />
      <ErrorState error={error} onRetry={retry} />
    </div>
  )
}
