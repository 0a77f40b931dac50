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
        {message.incident_id && (
          <Fact term="About">
            <IncidentLink incidentId={message.incident_id} />
          </Fact>
        )}
        {message.last_error && <Fact term="Last error">{message.last_error}</Fact>}
      </dl>
      <pre className={`mono ${styles.text}`}>{message.body_text}</pre>
    </div>
  )
}

function IncidentLink({ incidentId }: { incidentId: string }) {
  const { workspaceId = "" } = useParams({ strict: false })
  return (
    <Link to="/workspaces/$workspaceId/incidents/$incidentId" params={{ workspaceId, incidentId }}>
      The incident
    </Link>
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
