import { StatusGlyph } from "@/components/ui/status-glyph"
import type { BucketReading } from "./read-bucket"

/** One bucket of a graph, inside a tip. */
export function BucketTip({ reading }: { reading: BucketReading }) {
  return (
    <>
      <div className="h">
        <span>{reading.time}</span>
        <span>{reading.length}</span>
      </div>
      {reading.silence && (
        <div className="v">
          <StatusGlyph state={reading.facts.length > 0 ? "down" : "nodata"} />
          <span>{reading.silence}</span>
        </div>
      )}
      <ul className="num">
        {reading.facts.map(({ label, value }, index) => (
          <li key={label}>
            <span>{label}</span>
            {index === 0 ? <b>{value}</b> : <span>{value}</span>}
          </li>
        ))}
      </ul>
    </>
  )
}
