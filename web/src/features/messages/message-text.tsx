import { Link, useParams } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { Delivery } from "@/api"
import { formatMoment } from "@/lib/format"
import styles from "./messages.module.css"

export interface MessageTextProps {
  id: string
  message: Delivery
  now: number
  zone: string
}

/** A message as its reader gets it, without the links that act for them. */
export function MessageText({ id, message, now, zone }: MessageTextProps) {
  return (
    <div id={id} className={styles.open}>
      <dl className={styles.facts}>
        <Fact term="Subject">{message.subject}</Fact>
        {message.to && <Fact term="To">{message.to}</Fact>}
        <Fact term="Owed since">{formatMoment(message.created_at, now, zone)}</Fact>
        {message.sent_at && (
          <Fact term={message.state === "kept" ? "Kept" : "Sent"}>
            {formatMoment(message.sent_at, now, zone)}
          </Fact>
        )}
        <Fact term="Attempts">{message.attempts}</Fact>
        <IncidentFact incidentId={message.incident_id} />
        {message.last_error && <Fact term="Last error">{message.last_error}</Fact>}
      </dl>
      <pre className={`mono ${styles.text}`}>{message.body_text}</pre>
    </div>
  )
}

/** The outage that it tells of, unless the reader is there. */
function IncidentFact({ incidentId }: { incidentId: string | null }) {
  const params = useParams({ strict: false })
  if (incidentId === null || incidentId === params.incidentId) return null
  return (
    <Fact term="About">
      <Link
        to="/workspaces/$workspaceId/incidents/$incidentId"
        params={{ workspaceId: params.workspaceId ?? "", incidentId }}
      >
        The incident
      </Link>
    </Fact>
  )
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className={styles.pair}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
