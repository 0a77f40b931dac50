import type { Workspace } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatMoment } from "@/lib/format"
import styles from "./overview.module.css"

/** Says that nothing is checked now, or for a day that nothing was. */
export function ProberLine({ workspace, now }: { workspace: Workspace; now: number }) {
  const words = describeProber(workspace, now)
  return (
    words && (
      <p className={styles.stale} role="status">
        <StatusGlyph state="nodata" />
        {words}
      </p>
    )
  )
}

/** The one line about Allgreen itself; `null` when it looked all the time. */
export function describeProber(
  { prober, time_zone }: Pick<Workspace, "prober" | "time_zone">,
  now: number,
): string | null {
  const { since, last_absence: last } = prober
  const at = (instant: string) =>
    formatMoment(instant, now, time_zone).replace(/^(To|Yester)day/, (day) => day.toLowerCase())
  if (since) return `Allgreen’s own network is down since ${at(since)}. Nothing is checked.`
  if (!last) return null
  const was = last.why === "offline" ? "had no network" : "was off"
  return `Allgreen ${was} from ${at(last.began_at)} to ${at(last.ended_at)}.`
}
