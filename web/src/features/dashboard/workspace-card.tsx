import { Link } from "@tanstack/react-router"
import { Globe, Lock } from "lucide-react"
import type { Member, Role, Workspace, WorkspaceSummary } from "@/api"
import { StaticStrip } from "@/components/strip/static-strip"
import { Avatar } from "@/components/ui/avatar"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { type GlyphState, StatusGlyph } from "@/components/ui/status-glyph"
import { formatNoun, formatPct } from "@/lib/format"
import styles from "./dashboard.module.css"
import { countWatched } from "./summary"

const ROLES: Readonly<Record<Role, string>> = {
  owner: "Owner",
  admin: "Admin",
  observer: "Observer",
}

interface WorkspaceCardProps {
  summary: WorkspaceSummary
  workspace: Workspace
  members: readonly Member[] | undefined
  /** Whether everybody sees its status page, once that is known. */
  isPublic: boolean | undefined
}

/** A room: how it is now, how it was for 90 days, and who is in it. */
export function WorkspaceCard({ summary, workspace, members, isPublic }: WorkspaceCardProps) {
  const { all } = countWatched(workspace.counts)
  return (
    <Link
      to="/workspaces/$workspaceId"
      params={{ workspaceId: summary.id }}
      className={styles.card}
    >
      <span className={styles.head}>
        <Avatar className="lg" name={summary.name} square strong={summary.role === "owner"} />
        <span className="grow">
          <h3 className="trunc">{summary.name}</h3>
          <span className="sm t3">{ROLES[summary.role]}</span>
        </span>
        <span className={styles.pct}>{formatPct(workspace.uptime_pct)}</span>
      </span>
      <StaticStrip strip={workspace.strip} />
      <span className={styles.states}>
        {listStates(workspace).map(({ glyph, words }) => (
          <span key={words} className="row">
            <StatusGlyph state={glyph} />
            {words}
          </span>
        ))}
      </span>
      <span className={styles.foot}>
        <People members={members} />
        <span>{formatNoun(all, "service")}</span>
        {isPublic !== undefined && <PublicPage isPublic={isPublic} />}
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

const FACES = 3

function People({ members }: { members: readonly Member[] | undefined }) {
  if (!members) return null
  const more = members.length - FACES
  return (
    <span className="avs">
      {members.slice(0, FACES).map((member) => (
        <Avatar
          key={member.account_id}
          name={member.name}
          strong={member.you}
          photo={member.photo && `${member.photo}/small`}
        />
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
export function listStates({ counts }: Pick<Workspace, "counts">): State[] {
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

/** A card on its way, in its final box. */
export function WorkspaceCardSkeleton() {
  return <Skeleton height={226} radius="var(--r-5)" />
}

interface WorkspaceCardErrorProps {
  summary: WorkspaceSummary
  error: unknown
  onRetry: () => void
}

/** A room that did not answer; the others do. */
export function WorkspaceCardError({ summary, error, onRetry }: WorkspaceCardErrorProps) {
  return (
    <div className={styles.card}>
      <span className={styles.head}>
        <Avatar className="lg" name={summary.name} square />
        <h3 className="grow trunc">{summary.name}</h3>
      </span>
      <ErrorState error={error} onRetry={onRetry} />
    </div>
  )
}
