import { useQueryClient } from "@tanstack/react-query"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatDuration } from "@/lib/format"
import { type LiveState, useLiveState } from "@/lib/live"
import { useOfflineSince } from "@/lib/offline-since"
import { useNow } from "@/lib/use-now"
import styles from "./overview.module.css"

/** How often a page without live updates asks by itself. */
export const FALLBACK_REFRESH_MS = 30_000

const MISSED_REFRESHES = 2
const STEP_MS = 10_000

type StaleLineProps = {
  updatedAt: number
  /** The page has no event stream and asks by itself. */
  isPolled?: boolean
}

const POLLED: LiveState = { connected: false, since: 0 }

/**
 * Says that the numbers may be old: at once where there is no network, else once live updates are
 * away and two refreshes have failed too.
 */
export function StaleLine({ updatedAt, isPolled = false }: StaleLineProps) {
  const now = useNow(STEP_MS)
  const queryClient = useQueryClient()
  const { since, isOffline } = useStaleness(updatedAt, isPolled)
  return (
    <div role="status">
      {since !== null && (
        <div className={styles.stale}>
          <StatusGlyph state="degraded" />
          <span className="grow">
            {isOffline && "You are offline. "}
            Live updates paused {formatPause(now - since)}. Numbers may be old.
          </span>
          {!isOffline && (
            <Button size="sm" onClick={() => void queryClient.invalidateQueries()}>
              Refresh
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

/** Since when a page is stale, or `null` while it is not; and whether for want of a network. */
export function useStaleness(updatedAt: number, isPolled = false) {
  const stream = useLiveState()
  const offlineSince = useOfflineSince()
  const now = useNow(STEP_MS)
  const live = isPolled ? POLLED : stream
  if (offlineSince === null) {
    return { since: findStaleSince(live, updatedAt, now), isOffline: false }
  }
  const lastNews = live.connected ? offlineSince : updatedAt
  return { since: Math.max(lastNews, updatedAt), isOffline: true }
}

/** Since when the page is stale, or `null` while it is not. */
export function findStaleSince(live: LiveState, updatedAt: number, now: number): number | null {
  if (live.connected) return null
  const lastNews = Math.max(live.since, updatedAt)
  return now - lastNews > MISSED_REFRESHES * FALLBACK_REFRESH_MS ? lastNews : null
}

function formatPause(ms: number): string {
  return ms < STEP_MS ? "just now" : `${formatDuration(ms / 1000)} ago`
}
