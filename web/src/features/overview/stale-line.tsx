import { useQueryClient } from "@tanstack/react-query"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatDuration } from "@/lib/format"
import { type LiveState, useLiveState } from "@/lib/live"
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

/** Says that the numbers may be old, once live updates are away and two refreshes have failed too. */
export function StaleLine({ updatedAt, isPolled = false }: StaleLineProps) {
  const stream = useLiveState()
  const now = useNow(STEP_MS)
  const queryClient = useQueryClient()
  const live = isPolled ? POLLED : stream
  const staleSince = findStaleSince(live, updatedAt, now)
  return (
    <div role="status">
      {staleSince !== null && (
        <div className={styles.stale}>
          <StatusGlyph state="degraded" />
          <span className="grow">
            Live updates paused {formatDuration((now - staleSince) / 1000)} ago. Numbers may be old.
          </span>
          <Button size="sm" onClick={() => void queryClient.invalidateQueries()}>
            Refresh
          </Button>
        </div>
      )}
    </div>
  )
}

/** Since when the page is stale, or `null` while it is not. */
export function findStaleSince(live: LiveState, updatedAt: number, now: number): number | null {
  if (live.connected) return null
  const lastNews = Math.max(live.since, updatedAt)
  return now - lastNews > MISSED_REFRESHES * FALLBACK_REFRESH_MS ? lastNews : null
}
