import { Link } from "@tanstack/react-router"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatAgo } from "@/lib/format"
import styles from "./dashboard.module.css"
import type { LatestEvent } from "./summary"

/** What happened lately, in all workspaces. */
export function LatestEvents({ events, now }: { events: readonly LatestEvent[]; now: number }) {
  if (events.length === 0) return null
  return (
    <>
      <div className={styles.title}>
        <h2 id="latest-events">Latest events</h2>
      </div>
      <ul className={styles.log} aria-labelledby="latest-events">
        {events.map(({ key, at, glyph, service, serviceId, incidentId, text, workspace }) => (
          <li key={key}>
            <StatusGlyph state={glyph} label={glyph === "down" ? "Down" : "Up"} />
            <Link
              className="med trunc"
              to="/workspaces/$workspaceId"
              params={{ workspaceId: workspace.id }}
              search={{ open: serviceId }}
            >
              {service}
            </Link>
            <Link
              to="/workspaces/$workspaceId/incidents/$incidentId"
              params={{ workspaceId: workspace.id, incidentId }}
            >
              {text}
            </Link>
            <span className="t3 trunc">{workspace.name}</span>
            <time className="t3 num" dateTime={at} title={at}>
              {formatWhen(at, now, workspace.zone)}
            </time>
          </li>
        ))}
      </ul>
    </>
  )
}

const DAY_MS = 86_400_000

/** How long ago, and from a day on the date: at a glance the time of day says nothing more. */
function formatWhen(at: string, now: number, zone: string): string {
  if (now - Date.parse(at) < DAY_MS) return formatAgo(at, now, zone)
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "long" }).format(
    new Date(at),
  )
}
