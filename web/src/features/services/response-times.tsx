import { useQuery } from "@tanstack/react-query"
import { ChartLine, RotateCw, Table2 } from "lucide-react"
import { lazy, Suspense, useState } from "react"
import type { Figures, Range, ServiceRow } from "@/api"
import { countChecks, hasEnoughChecks } from "@/components/chart/chart"
import { Button } from "@/components/ui/button"
import { Segmented } from "@/components/ui/segmented"
import { Skeleton } from "@/components/ui/skeleton"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatNoun, formatTime, NBSP } from "@/lib/format"
import { figuresQuery } from "./queries"
import styles from "./service-detail.module.css"
import { ServiceEvents } from "./service-events"

// Only an open row needs the graph; the list must not wait for it.
const LatencyChart = lazy(async () => {
  const { LatencyChart: component } = await import("@/components/chart/latency-chart")
  return { default: component }
})
const LatencyTable = lazy(async () => {
  const { LatencyTable: component } = await import("@/components/chart/latency-table")
  return { default: component }
})

const RANGES: readonly { value: Range; label: string; name: string }[] = [
  { value: "24h", label: `24${NBSP}h`, name: "last 24 hours" },
  { value: "7d", label: `7${NBSP}d`, name: "last 7 days" },
  { value: "30d", label: `30${NBSP}d`, name: "last 30 days" },
  { value: "90d", label: `90${NBSP}d`, name: "last 90 days" },
]

export interface ResponseTimesProps {
  row: ServiceRow
  range: Range
  onRange: (range: Range) => void
}

/** The response time graph of a service, its table, and what happened in the same days. */
export function ResponseTimes({ row, range, onRange }: ResponseTimesProps) {
  const { data: figures, error, refetch } = useQuery(figuresQuery(row.id, range))
  const [isTable, setTable] = useState(false)
  return (
    <>
      <div className={styles.chartHead}>
        <h3>Response time</h3>
        <Keys />
        <div className={styles.ranges}>
          <Button
            size="sm"
            variant="ghost"
            icon
            aria-label={isTable ? "Show as a graph" : "Show as a table"}
            onClick={() => setTable(!isTable)}
          >
            {isTable ? (
              <ChartLine className="ic" aria-hidden="true" />
            ) : (
              <Table2 className="ic" aria-hidden="true" />
            )}
          </Button>
          <Segmented label="Range" value={range} options={RANGES} onChange={onRange} size="sm" />
        </div>
      </div>
      {figures ? (
        <Plot row={row} figures={figures} isTable={isTable} />
      ) : error ? (
        <PlotError onRetry={() => void refetch()} />
      ) : (
        <PlotSkeleton />
      )}
      {figures && <ServiceEvents figures={figures} />}
    </>
  )
}

function Keys() {
  return (
    <>
      <span className="key">
        <i />
        p50
      </span>
      <span className="key">
        <i className="band" />
        p50 to p95
      </span>
      <span className="key">
        <i className="out" />
        no answer
      </span>
    </>
  )
}

function Plot({ row, figures, isTable }: { row: ServiceRow; figures: Figures; isTable: boolean }) {
  const rangeName = RANGES.find(({ value }) => value === figures.range)?.name ?? figures.range
  if (!hasEnoughChecks(figures)) return <FewChecks row={row} count={countChecks(figures)} />
  return (
    <Suspense fallback={<PlotSkeleton />}>
      {isTable ? (
        <LatencyTable
          series={figures}
          zone={figures.zone}
          caption={`Response times of ${row.name}, ${rangeName}`}
        />
      ) : (
        <LatencyChart series={figures} zone={figures.zone} name={row.name} rangeName={rangeName} />
      )}
    </Suspense>
  )
}

/** Too little to draw: a graph of four points would look like knowledge. */
function FewChecks({ row, count }: { row: ServiceRow; count: number }) {
  const next = row.next_slot_at
  return (
    <div className={styles.few}>
      <b className="med">
        {count === 0 ? "No checks in this time" : `${formatNoun(count, "check")} so far`}
      </b>
      <span className="sm t2">
        The graph starts at five.
        {next && ` Next check at ${formatTime(next, row.strip.zone)}.`}
      </span>
    </div>
  )
}

function PlotError({ onRetry }: { onRetry: () => void }) {
  return (
    <div className={styles.failed} role="alert">
      <span className="row">
        <StatusGlyph state="nodata" />
        Response times did not load
      </span>
      <Button size="sm" onClick={onRetry}>
        <RotateCw className="ic" aria-hidden="true" />
        Try again
      </Button>
    </div>
  )
}

function PlotSkeleton() {
  return <Skeleton height={220} radius="var(--r-3)" />
}
