import type { Figures } from "@/api"
import { makeService } from "@/testing/factories"
import { DAYS, NOW } from "./data"

const HOUR_MS = 3_600_000
const HOURS = 168
const OUTAGE = [112, 120] as const

/** What the gallery asks of a server is answered here, by the name of the state it wants to show. */
const ANSWERS: Readonly<Record<string, () => Promise<Response>>> = {
  "/services/full/figures": () => json(makeFigures()),
  "/services/few/figures": () => json(makeFigures({ buckets: bucketsOf([184, 191]) })),
  "/services/slow/figures": () => new Promise(() => {}),
  "/services/failed/figures": () => Promise.resolve(new Response("", { status: 500 })),
  "/services/full": () => json(makeService({ id: "full", last_result_at: NOW })),
  "/services/slow": () => new Promise(() => {}),
}

/** Keep the gallery from asking anybody. */
export function answerFromHere(): void {
  globalThis.fetch = (input) => {
    const address = input instanceof Request ? input.url : String(input)
    const path = new URL(address, window.location.href).pathname.replace(/^.*\/api\/v1/, "")
    return (ANSWERS[path] ?? (() => Promise.resolve(new Response("", { status: 404 }))))()
  }
}

function json(body: unknown): Promise<Response> {
  return Promise.resolve(Response.json(body))
}

function makeFigures(over: Partial<Figures> = {}): Figures {
  const from = Date.parse(NOW) - HOURS * HOUR_MS
  const at = (hour: number) => new Date(from + hour * HOUR_MS).toISOString()
  return {
    range: "7d",
    from: at(0),
    to: NOW,
    zone: "UTC",
    bucket_s: 3600,
    limit_ms: 500,
    buckets: bucketsOf(Array.from({ length: HOURS }, (_, hour) => medianAt(hour))),
    outages: [{ from: at(OUTAGE[0]), to: at(OUTAGE[1]) }],
    incidents: [],
    changes: [],
    uptime_pct: 99.1,
    ...over,
  }
}

function bucketsOf(medians: readonly number[]): Figures["buckets"] {
  const from = Date.parse(NOW) - HOURS * HOUR_MS
  return medians.map((median, hour) => {
    const isOut = medians.length > DAYS && hour >= OUTAGE[0] && hour < OUTAGE[1]
    const checks = medians.length > DAYS ? 60 : 1
    return {
      at: new Date(from + hour * HOUR_MS).toISOString(),
      p50_ms: isOut ? null : median,
      p95_ms: isOut ? null : median * 1.3 + 40,
      checks,
      down_s: isOut ? 3600 : 0,
      failed: isOut ? checks : 0,
    }
  })
}

/** A day's wave with some noise that is the same in every shot. */
function medianAt(hour: number): number {
  const noise = ((hour * 2_654_435_761) % 1000) / 1000
  return 180 + 28 * Math.sin(hour / 3.8) + 34 * noise ** 2
}
