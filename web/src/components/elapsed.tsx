import { formatDuration } from "@/lib/format"
import { useNow } from "@/lib/use-now"

const TICK_MS = 1000

/** How long something lasts by now; the only thing on the page that renders every second. */
export function Elapsed({ since }: { since: string }) {
  const now = useNow(TICK_MS)
  return <>{formatDuration((now - Date.parse(since)) / 1000)}</>
}
