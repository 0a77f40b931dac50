import type { OwnInvitation } from "@/api"
import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import styles from "./dashboard.module.css"
import { useAcceptInvitation, useDeclineInvitation } from "./mutations"

interface InvitationCardProps {
  invitation: OwnInvitation
  /** Whether answering it is the thing to do on this page. */
  isPrimary: boolean
  onJoined: (workspaceId: string) => Promise<void>
}

/** An invitation that waits for an answer. */
export function InvitationCard({ invitation, isPrimary, onJoined }: InvitationCardProps) {
  const accept = useAcceptInvitation(onJoined)
  const decline = useDeclineInvitation()
  const { id, invited_by, role, workspace_name } = invitation
  return (
    <section className={`card ${styles.invitation}`} aria-label={`Invitation to ${workspace_name}`}>
      <Avatar name={invited_by} />
      <p className="grow">
        <b className="med">{invited_by}</b> invites you to <b className="med">{workspace_name}</b>{" "}
        as an {role}.
      </p>
      <Button
        size="sm"
        variant={isPrimary ? "primary" : "secondary"}
        busy={accept.isPending}
        onClick={() => accept.mutate(id)}
      >
        Accept
      </Button>
      <Button size="sm" variant="ghost" busy={decline.isPending} onClick={() => decline.mutate(id)}>
        Decline
      </Button>
    </section>
  )
}
