import { StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./messages.module.css"

/** Why nobody gets a mail, and what to do about it. */
export function NoMailNotice() {
  return (
    <div className={styles.notice} role="note">
      <StatusGlyph state="degraded" />
      <div>
        <p className="med">No mail server is set: messages are kept here and sent to nobody.</p>
        <p>
          Set <code className="mono">ALLGREEN_SMTP_URL</code> to{" "}
          <code className="mono">smtp://user:password@host:port</code> and start Allgreen again. New
          messages are mailed from then on; those kept before are not.
        </p>
      </div>
    </div>
  )
}
