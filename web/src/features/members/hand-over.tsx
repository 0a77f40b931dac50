import type { SentInvitation } from "@/api"
import { CopyField } from "@/components/ui/copy-field"
import styles from "./members.module.css"

/** Links to hand over in person, where no mail server is set: they are told this once. */
export function HandOver({ sent }: { sent: readonly SentInvitation[] }) {
  const links = sent.filter(({ link }) => link !== null)
  return (
    <div role="status">
      {links.length > 0 && (
        <div className={styles.links}>
          <p>
            No mail server is set, so nobody gets a mail. Hand these links over yourself; they are
            not shown again.
          </p>
          {links.map(({ invitation, link }) => (
            <CopyField key={invitation.id} label={invitation.email} value={link ?? ""} />
          ))}
        </div>
      )}
    </div>
  )
}
