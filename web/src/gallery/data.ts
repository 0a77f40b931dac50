import type { ServiceRow, Shown } from "@/api"
import { makeServiceRow, makeStrip } from "@/testing/factories"

/** The day of all mocks. */
export const NOW = "2026-04-14T23:30:00Z"
export const DAYS = 90

export const EVERY_KIND = makeStrip({
  grades: `${"u".repeat(5)}d${"u".repeat(17)}dpxd${"u".repeat(13)}m${"u".repeat(19)}nnn${"u".repeat(25)}ud`,
  details: [
    [23, 98.2, 1555, 1440, 26],
    [24, 67.29, 28_260, 1440, 471],
    [25, 31.4, 59_270, 1440, 988],
  ],
})
export const TWELVE_DAYS = makeStrip({ grades: "n".repeat(78) + "u".repeat(12) })
export const NO_DAY = makeStrip({ grades: "n".repeat(DAYS) })
export const PAUSED = makeStrip({ grades: `${"u".repeat(12)}d${"u".repeat(57)}${"n".repeat(20)}` })

const ROWS: readonly [Shown, string, Partial<ServiceRow>][] = [
  [
    "down",
    "Payments webhook",
    { reason: "503 instead of 202", strip: EVERY_KIND, uptime_pct: 99.1 },
  ],
  ["degraded", "Image CDN", { reason: "1.2 s, slower than 800 ms", median_ms: 1204 }],
  ["checking", "Search", { reason: "One check failed, looking again" }],
  ["up", "Checkout API", {}],
  [
    "maintenance",
    "Ledger",
    { reason: "Planned until 04:30", strip: makeStrip({ grades: `${"u".repeat(88)}mm` }) },
  ],
  ["unknown", "Storefront", { strip: NO_DAY, uptime_pct: null, median_ms: null, since: null }],
  [
    "paused",
    "Partner docs",
    { mode: "paused", strip: PAUSED, paused_by: "Jonas Berg", paused_at: "2026-03-25T09:00:00Z" },
  ],
]

/** One service in every state that a list can show. */
export const SERVICES: readonly ServiceRow[] = ROWS.map(([shown, name, over], index) =>
  makeServiceRow({ id: `s${index}`, name, shown, ...over }),
)
