import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps, useRouter } from "@tanstack/react-router"
import { useState } from "react"
import type { Role, SentInvitation, Workspace } from "@/api"
import { PageTitle } from "@/components/page-title"
import { ErrorState } from "@/components/ui/error-state"
import { HandOver } from "@/features/members/hand-over"
import { InviteForm } from "@/features/members/invite-form"
import { InvitedList } from "@/features/members/invited-list"
import { MemberList } from "@/features/members/member-list"
import { MembersSkeleton } from "@/features/members/members-skeleton"
import { invitationsQuery, membersQuery } from "@/features/members/queries"
import { RoleTable } from "@/features/members/role-table"
import { describeMembers } from "@/features/members/words"
import { workspaceQuery } from "@/features/overview/queries"
import { FALLBACK_REFRESH_MS, StaleLine } from "@/features/overview/stale-line"
import { useLiveState } from "@/lib/live"
import { useNow } from "@/lib/use-now"

const STEP_MS = 60_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/members")({
  loader: async ({ context: { queryClient }, params: { workspaceId } }) => {
    const [workspace] = await Promise.all([
      queryClient.ensureQueryData(workspaceQuery(workspaceId)),
      queryClient.ensureQueryData(membersQuery(workspaceId)),
    ])
    if (mayInvite(workspace)) await queryClient.ensureQueryData(invitationsQuery(workspaceId))
  },
  pendingComponent: MembersSkeleton,
  errorComponent: PageError,
  component: MembersPage,
})

function MembersPage() {
  const { workspaceId } = Route.useParams()
  const live = useLiveState()
  const refetchInterval = live.connected ? false : FALLBACK_REFRESH_MS
  const { data: workspace } = useSuspenseQuery(workspaceQuery(workspaceId))
  const list = useSuspenseQuery({ ...membersQuery(workspaceId), refetchInterval })
  const now = useNow(STEP_MS)
  const members = (
    <MemberList
      workspace={workspace}
      members={list.data}
      canEdit={workspace.may.includes("member.write")}
      now={now}
      zone={workspace.time_zone}
    />
  )
  return (
    <div className="wrap">
      <PageTitle>{`Members · ${workspace.name}`}</PageTitle>
      <StaleLine updatedAt={list.dataUpdatedAt} />
      {mayInvite(workspace) ? (
        <MembersAndInvited workspace={workspace} count={list.data.length} now={now}>
          {members}
        </MembersAndInvited>
      ) : (
        <>
          <Head>{describeMembers(workspace.name, list.data.length, 0)}</Head>
          {members}
        </>
      )}
      <RoleTable />
    </div>
  )
}

type MembersAndInvitedProps = {
  workspace: Workspace
  count: number
  now: number
  children: React.ReactNode
}

/** The same for who may invite: the form above the list, and who was asked below it. */
function MembersAndInvited({ workspace, count, now, children }: MembersAndInvitedProps) {
  const live = useLiveState()
  const { data: invitations } = useSuspenseQuery({
    ...invitationsQuery(workspace.id),
    refetchInterval: live.connected ? false : FALLBACK_REFRESH_MS,
  })
  const [sent, setSent] = useState<readonly SentInvitation[]>([])
  // A later link of the same person makes the one before it useless.
  const keep = (next: SentInvitation) =>
    setSent((before) => [
      next,
      ...before.filter(({ invitation }) => invitation.email !== next.invitation.email),
    ])
  const waiting = new Set(invitations.map(({ id }) => id))
  return (
    <>
      <Head>{describeMembers(workspace.name, count, invitations.length)}</Head>
      <InviteForm
        workspaceId={workspace.id}
        roles={workspace.role === "owner" ? EVERY_ROLE : OBSERVER_ONLY}
        onSent={keep}
      />
      <HandOver sent={sent.filter(({ invitation }) => waiting.has(invitation.id))} />
      {children}
      <InvitedList workspaceId={workspace.id} invitations={invitations} now={now} onSent={keep} />
    </>
  )
}

const EVERY_ROLE: readonly Role[] = ["observer", "admin"]
const OBSERVER_ONLY: readonly Role[] = ["observer"]

function mayInvite({ may }: Workspace): boolean {
  return may.includes("invitation.write")
}

function Head({ children }: { children?: string }) {
  return (
    <div className="ph">
      <div>
        <h1>Members</h1>
        {children && <p>{children}</p>}
      </div>
    </div>
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
