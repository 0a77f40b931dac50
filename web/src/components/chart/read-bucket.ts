import { formatCount, formatDuration, formatMs, formatTime, formatZone } from "@/lib/format"
import type { LatencyBucket, LatencySeries } from "./chart"

/** What is known about one bucket, in words. */
export interface BucketReading {
  time: string
  length: string
  /** Said instead of figures where nothing answered. */
  silence: string | null
  facts: readonly { label: string; value: string }[]
  sentence: string
}

const DAY_S = 86_400

export function readBucket(bucket: LatencyBucket, bucketS: number, zone: string): BucketReading {
  const time = writeTime(bucket.at, bucketS, zone)
  const silence = silenceOf(bucket)
  const facts = bucket.p50_ms === null ? failures(bucket) : figures(bucket)
  const spoken = facts.map(({ label, value }) => `${label} ${value}`)
  return {
    time,
    length: formatDuration(bucketS),
    silence,
    facts,
    sentence: `${time}: ${[...(silence ? [silence] : []), ...spoken].join(", ")}`,
  }
}

/** What a graph shows, in one sentence for people who listen. */
export function describeSeries(name: string, series: LatencySeries, rangeName: string): string {
  const medians = series.buckets.flatMap(({ p50_ms }) => (p50_ms === null ? [] : [p50_ms]))
  const spread =
    medians.length === 0
      ? "Nothing answered."
      : `Median between ${formatMs(Math.min(...medians))} and ${formatMs(Math.max(...medians))}.`
  return [`Response time of ${name}, ${rangeName}.`, spread, describeOutages(series)]
    .filter(Boolean)
    .join(" ")
}

function describeOutages({ outages }: LatencySeries): string {
  if (outages.length === 0) return ""
  return outages.length === 1
    ? "One gap where it did not answer."
    : `${outages.length} gaps where it did not answer.`
}

function silenceOf({ p50_ms, checks }: LatencyBucket): string | null {
  if (p50_ms !== null) return null
  return checks === 0 ? "No checks" : "No answer"
}

function figures({ p50_ms, p95_ms, checks, failed }: LatencyBucket): BucketReading["facts"] {
  const shown =
    failed > 0 ? `${formatCount(checks)} (${formatCount(failed)} failed)` : formatCount(checks)
  return [
    { label: "Median (p50)", value: formatMs(p50_ms) },
    { label: "95th (p95)", value: formatMs(p95_ms) },
    { label: "Checks", value: shown },
  ]
}

function failures({ checks, failed }: LatencyBucket): BucketReading["facts"] {
  if (checks === 0) return []
  return [{ label: "Failed", value: `${formatCount(failed)} of ${formatCount(checks)} checks` }]
}

/** `Sun 12, 23:00 UTC`; a bucket of days is named by its date. */
function writeTime(at: string, bucketS: number, zone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone }).format(new Date(at))
  const weekday = part({ weekday: "short" })
  if (bucketS >= DAY_S) return `${weekday} ${part({ day: "numeric", month: "short" })}`
  const clock = `${formatTime(at, zone)} ${formatZone(zone, Date.parse(at))}`
  return `${weekday} ${part({ day: "numeric" })}, ${clock}`
}
