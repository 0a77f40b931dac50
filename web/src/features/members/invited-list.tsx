import { Mail, X } from "lucide-react"
import { useState } from "react"
import type { Invitation, SentInvitation } from "@/api"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { FormFailure } from "@/components/ui/form-failure"
import { describeError } from "@/lib/api-client"
import styles from "./members.module.css"
import { useResendInvitation, useRevokeInvitation } from "./mutations"
import { describeInvitation, describeLeft, ROLES } from "./words"

export interface InvitedListProps {
  workspaceId: string
  invitations: readonly Invitation[]
  now: number
  onSent: (sent: SentInvitation) => void
}

/** Who was asked and has not answered. */
export function InvitedList({ workspaceId, invitations, now, onSent }: InvitedListProps) {
  const [withdrawn, setWithdrawn] = useState<Invitation | null>(null)
  if (invitations.length === 0 && !withdrawn) return null
  return (
    <>
      <div className={styles.group}>
        <h2 id="invited">Invited</h2>
        <span>{invitations.length}</span>
      </div>
      <ul className={styles.list} aria-labelledby="invited">
        {invitations.map((invitation) => (
          <InvitedRow
            key={invitation.id}
            workspaceId={workspaceId}
            invitation={invitation}
            now={now}
            onSent={onSent}
            onWithdraw={() => setWithdrawn(invitation)}
          />
        ))}
      </ul>
      <WithdrawDialog
        workspaceId={workspaceId}
        invitation={withdrawn}
        onClose={() => setWithdrawn(null)}
      />
    </>
  )
}

interface InvitedRowProps {
  workspaceId: string
  invitation: Invitation
  now: number
  onSent: (sent: SentInvitation) => void
  onWithdraw: () => void
}

function InvitedRow({ workspaceId, invitation, now, onSent, onWithdraw }: InvitedRowProps) {
  const resend = useResendInvitation(workspaceId, onSent)
  const left = describeLeft(invitation, now)
  return (
    <li>
      <span className={`av lg ${styles.asked}`} aria-hidden="true">
        <Mail className="ic" />
      </span>
      <div className={styles.who}>
        <p>
          <b className="semi">{invitation.email}</b>
        </p>
        <p className="sm t3">{describeInvitation(invitation, now)}</p>
      </div>
      {left === "Expired" ? (
        <Button
          size="sm"
          className={styles.again}
          busy={resend.isPending}
          aria-label={`Send again to ${invitation.email}`}
          onClick={() => resend.mutate(invitation.id)}
        >
          Send again
        </Button>
      ) : (
        <span className={`t2 ${styles.role}`}>{ROLES[invitation.role].name}</span>
      )}
      <span className={`sm t3 ${styles.since}`} data-always={left === "Expired" ? undefined : true}>
        {left}
      </span>
      <Button
        variant="ghost"
        size="sm"
        icon
        className={styles.end}
        aria-label={`Withdraw the invitation to ${invitation.email}`}
        onClick={onWithdraw}
      >
        <X className="ic" aria-hidden="true" />
      </Button>
    </li>
  )
}

interface WithdrawDialogProps {
  workspaceId: string
  invitation: Invitation | null
  onClose: () => void
}

function WithdrawDialog({ workspaceId, invitation, onClose }: WithdrawDialogProps) {
  const revoke = useRevokeInvitation(workspaceId, onClose)
  const close = () => {
    revoke.reset()
    onClose()
  }
  return (
    <Dialog
      open={invitation !== null}
      title={`Withdraw the invitation to ${invitation?.email}?`}
      onClose={close}
      actions={
        <>
          <Button variant="ghost" onClick={close}>
            Keep it
          </Button>
          <Button
            variant="destroy"
            busy={revoke.isPending}
            onClick={() => invitation && revoke.mutate(invitation.id)}
          >
            Withdraw
          </Button>
        </>
      }
    >
      <p>The link in the mail stops working at once.</p>
      <FormFailure>{revoke.error && describeError(revoke.error)}</FormFailure>
    </Dialog>
  )
}
