import { Link, useParams } from "@tanstack/react-router"
import { Pencil } from "lucide-react"
import type { Change, Figures, Incident } from "@/api"
import { Elapsed } from "@/components/elapsed"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatDuration, formatMoment } from "@/lib/format"
import { useNow } from "@/lib/use-now"
import styles from "./service-detail.module.css"

const REFRESH_MS = 10_000

/** Incidents and changes of a service as lines, the newest first. */
export function ServiceEvents({ figures }: { figures: Figures }) {
  const now = useNow(REFRESH_MS)
  const lines = [
    ...figures.incidents.map((incident) => ({
      key: incident.id,
      at: incident.began_at,
      line: <IncidentLine incident={incident} zone={figures.zone} now={now} />,
    })),
    ...figures.changes.map((change) => ({
      key: `${change.at} ${change.text}`,
      at: change.at,
      line: <ChangeLine change={change} zone={figures.zone} now={now} />,
    })),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
  if (lines.length === 0) return null
  return (
    <ul className={styles.events} aria-label="What happened">
      {lines.map(({ key, line }) => (
        <li key={key}>{line}</li>
      ))}
    </ul>
  )
}

interface LineProps {
  zone: string
  now: number
}

function IncidentLine({ incident, zone, now }: LineProps & { incident: Incident }) {
  const { workspaceId = "" } = useParams({ strict: false })
  return (
    <>
      <StatusGlyph state="down" label="Incident" />
      <time dateTime={incident.began_at} title={incident.began_at}>
        {formatMoment(incident.began_at, now, zone)}
      </time>
      <Link
        to="/workspaces/$workspaceId/incidents/$incidentId"
        params={{ workspaceId, incidentId: incident.id }}
      >
        {incident.reason || "Down"}
      </Link>
      <span className="t3 num">
        <Length incident={incident} />
      </span>
    </>
  )
}

function ChangeLine({ change, zone, now }: LineProps & { change: Change }) {
  return (
    <>
      <Pencil className="ic t3" aria-hidden="true" />
      <time dateTime={change.at} title={change.at}>
        {formatMoment(change.at, now, zone)}
      </time>
      <span>{change.text}</span>
    </>
  )
}

function Length({ incident }: { incident: Incident }) {
  const { began_at, ended_at } = incident
  if (ended_at !== null) {
    return formatDuration((Date.parse(ended_at) - Date.parse(began_at)) / 1000)
  }
  return (
    <>
      <Elapsed since={began_at} />, open
    </>
  )
}
