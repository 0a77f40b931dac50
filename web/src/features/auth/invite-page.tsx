import { type ReactNode, useState } from "react"
import type { Instance, Invited, Me } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import { Avatar } from "@/components/ui/avatar"
import { Button, buttonClass } from "@/components/ui/button"
import { Skeleton } from "@/components/ui/skeleton"
import { describeError, isNotFound } from "@/lib/api-error"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { AuthLayout } from "./auth-layout"
import type { AuthTab } from "./auth-tabs"
import { FormFailure } from "./form-failure"
import { Note } from "./note"
import { CheckMail } from "./notices"
import { useAction } from "./use-action"
import { acceptInvitation, declineInvitation, useInvitation } from "./use-invitation"
import { WaysIn } from "./ways-in"

type InvitePageProps = {
  token: string
  instance: Instance | null
  /** Leave for a path of this site; a page load, for another session may hold there. */
  onLeave: (path: string) => void
}

/** An invitation, for those who have an account, for those who do not, and for others. */
export function InvitePage({ token, instance, onLeave }: InvitePageProps) {
  const { looked, lookAgain } = useInvitation(token)
  if (looked.state === "loading") return <Loading />
  if (looked.state === "dead") return <Dead />
  if (looked.state === "failed") return <Failed error={looked.error} onRetry={lookAgain} />
  const { invited, me } = looked
  if (!me) return <Newcomer token={token} invited={invited} instance={instance} onLeave={onLeave} />
  if (!invited.is_yours) {
    return <OtherAccount token={token} invited={invited} me={me} onLeave={onLeave} />
  }
  return <Answer token={token} invited={invited} onLeave={onLeave} />
}

type ShownProps = { token: string; invited: Invited; onLeave: (path: string) => void }

/** Somebody who is not signed in: most have no account yet. */
function Newcomer(props: ShownProps & { instance: Instance | null }) {
  const { token, invited, instance, onLeave } = props
  const [tab, setTab] = useState<AuthTab>("register")
  const [mailedTo, setMailedTo] = useState<string | null>(null)
  const { isDeclined, declining } = useDeclining(token)
  const here = `/invite/${encodeURIComponent(token)}`
  if (mailedTo) return <CheckMail email={mailedTo} />
  if (isDeclined) return <Declined invited={invited} />
  return (
    <AuthLayout>
      <WaysIn
        tab={tab}
        onTab={setTab}
        instance={instance}
        ticket={{ token, email: invited.email }}
        card={<InvitationCard invited={invited}>It is waiting for this email.</InvitationCard>}
        next={here}
        // Who makes an account by the link is a member at once; who has one answers here.
        onDone={() => onLeave(tab === "register" ? "/" : here)}
        onMailed={setMailedTo}
      />
      <FormFailure>{declining.failure}</FormFailure>
      <Button variant="ghost" size="lg" wide busy={declining.busy} onClick={declining.run}>
        Decline the invitation
      </Button>
    </AuthLayout>
  )
}

/** The one who was invited, signed in: yes or no. */
function Answer({ token, invited, onLeave }: ShownProps) {
  const { isDeclined, declining } = useDeclining(token)
  const [isDead, setDead] = useState(false)
  const accepting = useAction(async () => {
    try {
      const { workspace_id } = await acceptInvitation(token)
      onLeave(`/workspaces/${workspace_id}`)
    } catch (error) {
      if (!isNotFound(error)) throw error
      setDead(true)
    }
  })
  if (isDead) return <Dead />
  if (isDeclined) return <Declined invited={invited} />
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel}>
        <h1>Join {invited.workspace_name}?</h1>
        <InvitationCard invited={invited}>{describeRole(invited.role)}</InvitationCard>
        <FormFailure>{accepting.failure ?? declining.failure}</FormFailure>
        <div className={styles.answers}>
          <Button variant="primary" size="lg" busy={accepting.busy} onClick={accepting.run}>
            Accept
          </Button>
          <Button size="lg" busy={declining.busy} onClick={declining.run}>
            Decline
          </Button>
        </div>
      </section>
    </AuthLayout>
  )
}

function useDeclining(token: string) {
  const [isDeclined, setDeclined] = useState(false)
  const declining = useAction(async () => {
    await declineInvitation(token).catch((error: unknown) => {
      // Gone meanwhile: what was asked for is so already.
      if (!isNotFound(error)) throw error
    })
    setDeclined(true)
  })
  return { isDeclined, declining }
}

/** Somebody else is signed in here. */
function OtherAccount({ token, invited, me, onLeave }: ShownProps & { me: Me }) {
  const switching = useAction(async () => {
    await requestJson<undefined>("DELETE", "/api/v1/session")
    onLeave(`/invite/${encodeURIComponent(token)}`)
  })
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel}>
        <h1>This is for another address</h1>
        <InvitationCard invited={invited}>
          It was sent to <span className="nowrap">{invited.email}</span>.
        </InvitationCard>
        <p className="t2">
          You are signed in as <b className="med t1">{me.email}</b>. Sign in with the invited
          address, or ask for an invitation to this one.
        </p>
        <FormFailure>{switching.failure}</FormFailure>
        <Button variant="primary" size="lg" wide busy={switching.busy} onClick={switching.run}>
          Switch account
        </Button>
        <a className={buttonClass({ variant: "ghost", size: "lg", wide: true })} href="/">
          Stay signed in
        </a>
      </section>
    </AuthLayout>
  )
}

type InvitationCardProps = { invited: Invited; children: ReactNode }

function InvitationCard({ invited, children }: InvitationCardProps) {
  return (
    <div className={styles.invitation}>
      <Avatar name={invited.invited_by} />
      <span className="grow">
        <b className="med">{invited.invited_by}</b> invited you to{" "}
        <b className="med">{invited.workspace_name}</b> as an {invited.role}. {children}
      </span>
    </div>
  )
}

function describeRole(role: Invited["role"]): string {
  return role === "observer"
    ? "An observer sees everything and changes nothing."
    : "An admin adds and changes services."
}

function Declined({ invited }: { invited: Invited }) {
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel} role="status">
        <h1>You declined</h1>
        <Note>
          The owners of {invited.workspace_name} see that. If it was a mistake, ask{" "}
          {invited.invited_by} to invite you again.
        </Note>
        <a className={buttonClass({ variant: "primary", size: "lg", wide: true })} href="/">
          Go on to Allgreen
        </a>
      </section>
    </AuthLayout>
  )
}

function Dead() {
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel}>
        <h1>This invitation does not work any more</h1>
        <Note>It was used or withdrawn, or is too old. Ask who invited you to send a new one.</Note>
        <a className={buttonClass({ size: "lg", wide: true })} href="/">
          Go on to Allgreen
        </a>
      </section>
    </AuthLayout>
  )
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel}>
        <h1>Not loaded</h1>
        <FormFailure>{describeError(error)}</FormFailure>
        <Button variant="primary" size="lg" wide onClick={onRetry}>
          Try again
        </Button>
      </section>
    </AuthLayout>
  )
}

function Loading() {
  return (
    <AuthLayout>
      <PageTitle>Invitation</PageTitle>
      <section className={styles.panel} aria-busy="true">
        <h1 className="vh">Invitation</h1>
        <Skeleton height={36} width={188} />
        <Skeleton height={38} width={240} />
        <Skeleton height={62} radius="var(--r-4)" />
        <Skeleton height={280} />
      </section>
    </AuthLayout>
  )
}
