import { Link } from "@tanstack/react-router"
import type { Delivery, IncidentInFull } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatNoun } from "@/lib/format"
import styles from "./incidents.module.css"
import { explainQuiet } from "./words"

/** Why nobody is told of an outage, when that is so. */
export function QuietNote({ incident }: { incident: IncidentInFull }) {
  const words = explainQuiet(incident)
  if (words === null) return null
  return (
    <p className={styles.note} role="note">
      <StatusGlyph state="maint" />
      <span>
        {words}{" "}
        {incident.blocked_by && (
          <Link
            to="/workspaces/$workspaceId"
            params={{ workspaceId: incident.workspace_id }}
            search={{ open: incident.blocked_by }}
          >
            Look at that service
          </Link>
        )}
      </span>
    </p>
  )
}

interface GivenUpNoteProps {
  incident: IncidentInFull
  deliveries: readonly Delivery[]
  mayEdit: boolean
}

/** What to do about messages that the mail server never took. */
export function GivenUpNote({ incident, deliveries, mayEdit }: GivenUpNoteProps) {
  const count = deliveries.filter(({ state }) => state === "given_up").length
  if (count === 0) return null
  return (
    <p className={styles.note} role="note">
      <StatusGlyph state="down" />
      <span>
        {formatNoun(count, "message")}{" "}
        {count === 1 ? "was given up and is" : "were given up and are"} not sent again. Its last
        error says why: mostly an address that is wrong, or a mailbox that is full.{" "}
        {mayEdit && !incident.service_is_deleted && (
          <Link
            to="/workspaces/$workspaceId/services/$serviceId/edit"
            params={{ workspaceId: incident.workspace_id, serviceId: incident.service_id }}
          >
            Mend who is told
          </Link>
        )}
      </span>
    </p>
  )
}

/** How many messages there were, for those who may not read for whom. */
export function ToldCount({ incident }: { incident: IncidentInFull }) {
  const told = incident.moments.flatMap((moment) => moment.told ?? [])
  const sent = told.reduce((sum, one) => sum + one.sent, 0)
  const isYou = told.some(({ you }) => you)
  if (told.length === 0) return <p className="sm t2">Nobody was told of it.</p>
  return (
    <p className="sm t2">
      {`${formatNoun(sent, "message")} sent about it${isYou ? ", to you too" : ""}. `}
      Owners and admins read to whom.
    </p>
  )
}
