import { Link } from "@tanstack/react-router"
import { Globe, Lock } from "lucide-react"
import type { WorkspaceCard as Card, Role } from "@/api"
import { StaticStrip } from "@/components/strip/static-strip"
import { Avatar } from "@/components/ui/avatar"
import { type GlyphState, StatusGlyph } from "@/components/ui/status-glyph"
import { formatNoun, formatPct } from "@/lib/format"
import styles from "./dashboard.module.css"
import { countWatched } from "./summary"

const ROLES: Readonly<Record<Role, string>> = {
  owner: "Owner",
  admin: "Admin",
  observer: "Observer",
}

/** A room: how it is now, how it was for 90 days, and who is in it. */
export function WorkspaceCard({ workspace }: { workspace: Card }) {
  const { id, name, role, counts, uptime_pct, strip, is_published } = workspace
  const { all } = countWatched(counts)
  return (
    <Link to="/workspaces/$workspaceId" params={{ workspaceId: id }} className={styles.card}>
      <span className={styles.head}>
        <Avatar className="lg" name={name} square strong={role === "owner"} />
        <span className="grow">
          <h3 className="trunc">{name}</h3>
          <span className="sm t3">{ROLES[role]}</span>
        </span>
        <span className={styles.pct}>{formatPct(uptime_pct)}</span>
      </span>
      <StaticStrip strip={strip} />
      <span className={styles.states}>
        {listStates(workspace).map(({ glyph, words }) => (
          <span key={words} className="row">
            <StatusGlyph state={glyph} />
            {words}
          </span>
        ))}
      </span>
      <span className={styles.foot}>
        <People workspace={workspace} />
        <span>{formatNoun(all, "service")}</span>
        <PublicPage isPublic={is_published} />
      </span>
    </Link>
  )
}

function PublicPage({ isPublic }: { isPublic: boolean }) {
  const Icon = isPublic ? Globe : Lock
  return (
    <span className={`row ${styles.page}`}>
      <Icon className="ic" aria-hidden="true" />
      {isPublic ? "Public page" : "No public page"}
    </span>
  )
}

function People({ workspace: { faces, members } }: { workspace: Card }) {
  const more = members - faces.length
  return (
    <span className="avs">
      {faces.map(({ account_id, name, you, photo }) => (
        <Avatar key={account_id} name={name} strong={you} photo={photo && `${photo}/small`} />
      ))}
      {more > 0 && (
        <span className="av" aria-hidden="true">
          +{more}
        </span>
      )}
    </span>
  )
}

interface State {
  glyph: GlyphState
  words: string
}

/** The counts in words, the worst first; one word for all when there is only one. */
export function listStates({ counts }: Pick<Card, "counts">): State[] {
  const { all } = countWatched(counts)
  if (all === 0) return [{ glyph: "nodata", words: "Nothing is watched yet" }]
  if (counts.up === all && all > 1) return [{ glyph: "up", words: `All ${all} green` }]
  const found: [GlyphState, number, string][] = [
    ["down", counts.down, "down"],
    ["degraded", counts.degraded, "slow"],
    ["nodata", counts.unknown, "not known"],
    ["maint", counts.maintenance, "in maintenance"],
    ["up", counts.up, "green"],
    ["paused", counts.paused, "paused"],
  ]
  return found
    .filter(([, count]) => count > 0)
    .map(([glyph, count, word]) => ({ glyph, words: `${count} ${word}` }))
}
