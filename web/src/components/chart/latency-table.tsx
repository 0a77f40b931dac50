import { formatCount, formatMs } from "@/lib/format"
import type { LatencySeries } from "./chart"
import styles from "./latency-table.module.css"
import { readBucket } from "./read-bucket"

export interface LatencyTableProps {
  series: LatencySeries
  zone: string
  /** Says what the figures are of. */
  caption: string
}

/** The graph's figures as text, newest first: for readers, for copying, for exact values. */
export function LatencyTable({ series, zone, caption }: LatencyTableProps) {
  return (
    // A region that scrolls must be reachable by keyboard to be scrolled by it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className={styles.scroll} tabIndex={0} aria-label={caption}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Median</th>
            <th scope="col">95th</th>
            <th scope="col">Checks</th>
            <th scope="col">Failed</th>
          </tr>
        </thead>
        <tbody className="num">
          {series.buckets.toReversed().map((bucket) => (
            <tr key={bucket.at}>
              <th scope="row">{readBucket(bucket, series.bucket_s, zone).time}</th>
              <td>{formatMs(bucket.p50_ms)}</td>
              <td>{formatMs(bucket.p95_ms)}</td>
              <td>{formatCount(bucket.checks)}</td>
              <td>{formatCount(bucket.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
