import { Link } from "@tanstack/react-router"
import type { LatestEvent, WorkspaceCard } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatAgo, formatDuration } from "@/lib/format"
import styles from "./dashboard.module.css"

interface LatestEventsProps {
  events: readonly LatestEvent[]
  workspaces: readonly Pick<WorkspaceCard, "id" | "name" | "time_zone">[]
  now: number
}

/** What happened lately, in all workspaces. */
export function LatestEvents({ events, workspaces, now }: LatestEventsProps) {
  if (events.length === 0) return null
  return (
    <>
      <div className={styles.title}>
        <h2 id="latest-events">Latest events</h2>
      </div>
      <ul className={styles.log} aria-labelledby="latest-events">
        {events.map((event) => {
          const { incident_id, kind, at, service_id, service_name, workspace_id } = event
          const workspace = workspaces.find(({ id }) => id === workspace_id)
          return (
            <li key={`${incident_id} ${kind}`}>
              <StatusGlyph state={kind} label={kind === "down" ? "Down" : "Up"} />
              <Link
                className="med trunc"
                to="/workspaces/$workspaceId"
                params={{ workspaceId: workspace_id }}
                search={{ open: service_id }}
              >
                {service_name}
              </Link>
              <Link
                to="/workspaces/$workspaceId/incidents/$incidentId"
                params={{ workspaceId: workspace_id, incidentId: incident_id }}
              >
                {writeEvent(event)}
              </Link>
              <span className="t3 trunc">{workspace?.name}</span>
              <time className="t3 num" dateTime={at} title={at}>
                {formatWhen(at, now, workspace?.time_zone ?? "UTC")}
              </time>
            </li>
          )
        })}
      </ul>
    </>
  )
}

/** What was found, or how long it lasted. */
function writeEvent({ reason, lasted_s }: LatestEvent): string {
  if (lasted_s === null) return reason || "Down"
  return `Holds again, after ${formatDuration(lasted_s)}`
}

const DAY_MS = 86_400_000

/** How long ago, and from a day on the date: at a glance the time of day says nothing more. */
function formatWhen(at: string, now: number, zone: string): string {
  if (now - Date.parse(at) < DAY_MS) return formatAgo(at, now, zone)
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "long" }).format(
    new Date(at),
  )
}
