import { useQuery } from "@tanstack/react-query"
import { Skeleton } from "@/components/ui/skeleton"
import { formatAgo, formatPct, NONE } from "@/lib/format"
import { useNow } from "@/lib/use-now"
import { serviceQuery } from "./queries"
import styles from "./services.module.css"

const TICK_MS = 1000

/** Uptime over shorter windows, and how old the last check is. */
export function ServiceFigures({ serviceId }: { serviceId: string }) {
  const { data: service, isPending } = useQuery(serviceQuery(serviceId))
  const value = (pct: number | null | undefined) =>
    isPending ? <Skeleton width={52} height={18} /> : formatPct(pct ?? null)
  return (
    <dl className={`${styles.figures} num`}>
      <div>
        <dt>24 h</dt>
        <dd>{value(service?.uptime.h24)}</dd>
      </div>
      <div>
        <dt>7 days</dt>
        <dd>{value(service?.uptime.d7)}</dd>
      </div>
      <div>
        <dt>30 days</dt>
        <dd>{value(service?.uptime.d30)}</dd>
      </div>
      <div>
        <dt>Last check</dt>
        <dd>
          {service ? (
            <LastCheck at={service.last_result_at} zone={service.strip.zone} />
          ) : (
            value(null)
          )}
        </dd>
      </div>
    </dl>
  )
}

function LastCheck({ at, zone }: { at: string | null; zone: string }) {
  const now = useNow(TICK_MS)
  if (!at) return NONE
  return (
    <time dateTime={at} title={at}>
      {formatAgo(at, now, zone)}
    </time>
  )
}
