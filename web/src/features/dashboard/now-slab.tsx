import { Link } from "@tanstack/react-router"
import { ArrowRight, Plus } from "lucide-react"
import type { WorkspaceCard } from "@/api"
import { dateOfDay } from "@/components/strip/read-day"
import { UptimeStrip } from "@/components/strip/uptime-strip"
import { buttonClass } from "@/components/ui/button"
import { formatCount, formatPctNumber } from "@/lib/format"
import styles from "./dashboard.module.css"
import { addCounts, countWatched, worstOfAll, writeHeadline } from "./summary"

interface NowSlabProps {
  workspaces: readonly WorkspaceCard[]
}

/** The one dark slab: how all is now, how it was for 90 days, and how much there is. */
export function NowSlab({ workspaces }: NowSlabProps) {
  const counts = addCounts(workspaces)
  const { alarm, calm } = writeHeadline(counts)
  const { all, watched } = countWatched(counts)
  const strip = worstOfAll(workspaces.map((workspace) => workspace.strip))
  const measured = workspaces.flatMap(({ uptime_pct }) => (uptime_pct === null ? [] : [uptime_pct]))
  const isOne = workspaces.length === 1
  const first = findFirstDown(workspaces)
  return (
    <section className={`slab ${styles.now}`} aria-label="Right now">
      <div className={styles.headline}>
        <h1>
          {alarm && <em>{alarm}</em>} <span>{calm}</span>
        </h1>
        {all === 0 && <FirstService workspaces={workspaces} />}
        {first && (
          <Link
            to="/workspaces/$workspaceId"
            params={{ workspaceId: first.workspaceId }}
            search={{ open: first.service_id }}
            className={buttonClass()}
          >
            <span className="trunc">Look at {first.name}</span>
            <ArrowRight className="ic" aria-hidden="true" />
          </Link>
        )}
      </div>
      {strip && (
        <div>
          <UptimeStrip strip={strip} name={isOne ? "All services" : "All your workspaces"} />
          <div className="axis" aria-hidden="true">
            <span>{writeDate(dateOfDay(strip, 0))}</span>
            {!isOne && <span>The worst of all workspaces</span>}
            <span>Today</span>
          </div>
        </div>
      )}
      <dl className={styles.figures}>
        <Figure term="Workspaces" value={formatCount(workspaces.length)} />
        <Figure
          term="Services watched"
          value={formatCount(watched)}
          unit={watched < all ? `of ${formatCount(all)}` : undefined}
        />
        {measured.length > 0 && (
          <Figure
            term={isOne ? "Uptime, 90 days" : "Lowest uptime, 90 days"}
            value={formatPctNumber(Math.min(...measured))}
            unit="%"
          />
        )}
      </dl>
    </section>
  )
}

/** The outage that has lasted for longest: where to look first. */
function findFirstDown(workspaces: readonly WorkspaceCard[]) {
  const [first] = workspaces
    .flatMap(({ id, worst }) => (worst?.health === "down" ? [{ ...worst, workspaceId: id }] : []))
    .sort((a, b) => (a.since ?? "").localeCompare(b.since ?? ""))
  return first
}

/** Where nothing is watched, the next thing to do is to watch something. */
function FirstService({ workspaces }: Pick<NowSlabProps, "workspaces">) {
  const own = workspaces.find(({ may }) => may.includes("service.write"))
  if (!own) return null
  return (
    <Link
      to="/workspaces/$workspaceId/services/new"
      params={{ workspaceId: own.id }}
      className={buttonClass()}
    >
      <Plus className="ic" aria-hidden="true" />
      Watch a service
    </Link>
  )
}

function Figure({ term, value, unit }: { term: string; value: string; unit?: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {value}
        {unit && <small>{unit}</small>}
      </dd>
    </div>
  )
}

function writeDate(date: Date): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "long",
  }).format(date)
}
