import { useQuery } from "@tanstack/react-query"
import type { Range, ServiceRow } from "@/api"
import { StripAxis } from "@/components/strip/strip-axis"
import { UptimeStrip } from "@/components/strip/uptime-strip"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { LastResult } from "./last-result"
import { serviceQuery } from "./queries"
import { ResponseTimes } from "./response-times"
import styles from "./service-detail.module.css"
import { pipesOf } from "./service-row"
import { ServiceSettings } from "./service-settings"

export interface ServiceDetailProps {
  row: ServiceRow
  workspaceId: string
  /** Whether a mail server is set. */
  hasMail: boolean
  range: Range
  onRange: (range: Range) => void
  /** Called when the service was deleted from here. */
  onDeleted: () => void
}

/** An open row: the big strip, response times and events, and what the service is held to. */
export function ServiceDetail(props: ServiceDetailProps) {
  const { row, workspaceId, hasMail, range, onRange, onDeleted } = props
  const { data: service, error, refetch } = useQuery(serviceQuery(row.id))
  return (
    <div className={styles.more}>
      <div className={styles.full}>
        <UptimeStrip
          strip={row.strip}
          name={row.name}
          isMuted={row.mode === "paused"}
          transitionName={pipesOf(row)}
        />
        <StripAxis strip={row.strip} />
      </div>
      <div>
        <ResponseTimes row={row} range={range} onRange={onRange} />
        {service?.last_result && <LastResult result={service.last_result} />}
      </div>
      {service ? (
        <ServiceSettings
          service={service}
          workspaceId={workspaceId}
          hasMail={hasMail}
          onDeleted={onDeleted}
        />
      ) : (
        <div className={styles.settings}>
          {error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <Skeleton height={320} />
          )}
        </div>
      )}
    </div>
  )
}
