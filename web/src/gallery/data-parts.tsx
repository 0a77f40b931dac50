import { useState } from "react"
import type { Range } from "@/api"
import { UptimeStripError, UptimeStripSkeleton } from "@/components/strip/strip-states"
import { UptimeStrip } from "@/components/strip/uptime-strip"
import { SummarySlab } from "@/features/overview/summary-slab"
import { EmptyServices } from "@/features/services/empty-services"
import { ResponseTimes } from "@/features/services/response-times"
import { ServiceList } from "@/features/services/service-list"
import { ServicesSkeleton } from "@/features/services/services-skeleton"
import { StripLegend } from "@/features/services/strip-legend"
import { makeServiceRow, makeWorkspace } from "@/testing/factories"
import { Box, Part } from "./box"
import { EVERY_KIND, NO_DAY, NOW, PAUSED, SERVICES, TWELVE_DAYS } from "./data"
import styles from "./gallery.module.css"

/** What was measured: pipes, graphs and rows, with what stands there before and without it. */
export function DataParts() {
  return (
    <>
      <Strips />
      <Graphs />
      <Lists />
    </>
  )
}

function Strips() {
  return (
    <Part title="Uptime strip" wide>
      <Box says="Every kind of day">
        <UptimeStrip strip={EVERY_KIND} name="Every kind of day" />
      </Box>
      <Box says="New: 12 days of data">
        <UptimeStrip strip={TWELVE_DAYS} name="New service" />
      </Box>
      <Box says="First check still running">
        <UptimeStrip strip={NO_DAY} name="No data yet" />
      </Box>
      <Box says="Paused since day 70 (muted, history stays)">
        <UptimeStrip strip={PAUSED} name="Paused" isMuted />
      </Box>
      <Box says="Loading: same height, no shift">
        <UptimeStripSkeleton />
      </Box>
      <Box says="Could not load">
        <UptimeStripError onRetry={() => {}} />
      </Box>
      <div className={styles.whole}>
        <StripLegend zone="UTC" />
      </div>
    </Part>
  )
}

function Graphs() {
  return (
    <Part title="Latency graph" wide>
      <Box says="p50 and p95, one outage, limit">
        <Graph id="full" />
      </Box>
      <Box says="Not enough yet">
        <Graph id="few" />
      </Box>
      <Box says="Loading">
        <Graph id="slow" />
      </Box>
      <Box says="Error, with the way out">
        <Graph id="failed" />
      </Box>
    </Part>
  )
}

function Graph({ id }: { id: string }) {
  const [range, setRange] = useState<Range>("7d")
  const row = makeServiceRow({ id, name: "Checkout API" })
  return <ResponseTimes row={row} range={range} onRange={setRange} />
}

function Lists() {
  return (
    <>
      <Part title="Summary" wide>
        <div className={styles.whole}>
          <SummarySlab workspace={WORKSPACE} />
        </div>
      </Part>
      <Part title="Lists" wide>
        <div className={styles.whole}>
          <ServiceList
            services={SERVICES}
            show="all"
            words=""
            openId={undefined}
            onShow={() => {}}
            onWords={() => {}}
            onToggle={() => {}}
            renderDetail={() => null}
          />
        </div>
        <div className={styles.whole}>
          <ServicesSkeleton />
        </div>
        <EmptyServices workspaceId="w1" canAdd />
      </Part>
    </>
  )
}

const WORKSPACE = makeWorkspace({
  strip: EVERY_KIND,
  counts: { up: 5, degraded: 1, down: 1, unknown: 0, paused: 1, maintenance: 1 },
  down_since: new Date(Date.parse(NOW) - 42 * 60_000).toISOString(),
  checks_total: 9,
})
