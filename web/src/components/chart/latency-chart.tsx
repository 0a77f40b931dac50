import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react"
import { observeSize } from "@/components/plot/observe-size"
import { Tip } from "@/components/plot/tip"
import { BucketTip } from "./bucket-tip"
import {
  type ChartModel,
  type LatencySeries,
  layoutChart,
  type Mark,
  markAt,
  markForKey,
} from "./chart"
import { describeSeries, readBucket } from "./read-bucket"

export interface LatencyChartProps {
  series: LatencySeries
  zone: string
  /** Whose response time it is. */
  name: string
  /** As it ends a sentence: `last 7 days`. */
  rangeName: string
}

/** Median line, band up to p95, outages and limit. One tab stop; arrows move by bucket. */
export function LatencyChart({ series, zone, name, rangeName }: LatencyChartProps) {
  const host = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<{ width: number; height: number } | null>(null)
  const [chosen, setChosen] = useState(Number.POSITIVE_INFINITY)
  const [isShown, setShown] = useState(false)
  const hide = useCallback(() => setShown(false), [])
  const model = useMemo(() => (size ? layoutChart(series, zone, size) : null), [series, zone, size])

  useLayoutEffect(() => {
    if (!host.current) return
    return observeSize(host.current, setSize)
  }, [])

  // A series that was refreshed may have fewer buckets than the one that was pointed at.
  const last = Math.max(0, series.buckets.length - 1)
  const index = Math.min(chosen, last)
  const bucket = series.buckets[index]
  const mark = model?.marks[index]
  const reading = bucket ? readBucket(bucket, series.bucket_s, zone) : null

  function show(target: number) {
    setChosen(target)
    setShown(true)
  }

  function showUnder(event: PointerEvent<HTMLDivElement>) {
    if (!model) return
    show(markAt(model, event.clientX - event.currentTarget.getBoundingClientRect().left))
  }

  function handleKey(event: KeyboardEvent) {
    if (event.key === "Escape") return hide()
    const target = markForKey(event.key, index, series)
    if (target === null) return
    event.preventDefault()
    show(target)
  }

  return (
    <>
      <div
        ref={host}
        className="chart"
        role="slider"
        tabIndex={0}
        aria-label={describeSeries(name, series, rangeName)}
        aria-readonly="true"
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={last + 1}
        aria-valuenow={index + 1}
        aria-valuetext={reading?.sentence}
        onPointerMove={showUnder}
        onPointerDown={showUnder}
        onPointerLeave={(event) => event.pointerType !== "touch" && hide()}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && setShown(true)}
        onBlur={hide}
        onKeyDown={handleKey}
      >
        {model && size && (
          <svg aria-hidden="true" viewBox={`0 0 ${size.width} ${size.height}`}>
            <Axes model={model} height={size.height} />
            <Measurements model={model} />
            {isShown && mark && <Cursor mark={mark} model={model} />}
          </svg>
        )}
      </div>
      {isShown && mark && reading && (
        <Tip target={host} x={mark.x} place="beside" onDismiss={hide}>
          <BucketTip reading={reading} />
        </Tip>
      )}
    </>
  )
}

function Axes({ model, height }: { model: ChartModel; height: number }) {
  const { left, right } = model.area
  return (
    <>
      {model.valueTicks.map(({ y, label }) => (
        <g key={label}>
          <line className="grid" x1={left} x2={right} y1={y} y2={y} />
          <text x={left - 8} y={y + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {model.timeTicks.map(({ x, label }) => (
        <text key={x} x={x} y={height - 6} textAnchor="middle">
          {label}
        </text>
      ))}
    </>
  )
}

function Measurements({ model }: { model: ChartModel }) {
  const { left, right, top, bottom } = model.area
  return (
    <>
      {model.outages.map(({ x, width }) => (
        <g key={x}>
          <rect className="out" x={x} y={top} width={width} height={bottom - top} />
          <rect className="outx" x={x} y={top - 3} width={width} height={3} rx={1.5} />
        </g>
      ))}
      {model.runs.map(({ line, band }) => (
        <g key={line}>
          <path className="band" d={band} />
          <path className="p50" d={line} />
        </g>
      ))}
      {model.dots.map(({ x, y }) => (
        <circle key={x} className="dot" cx={x} cy={y} r={3} />
      ))}
      {model.limit && (
        <>
          <line className="lim" x1={left} x2={right} y1={model.limit.y} y2={model.limit.y} />
          <text className="limt" x={right} y={model.limit.y - 6} textAnchor="end">
            {model.limit.label}
          </text>
        </>
      )}
    </>
  )
}

function Cursor({ mark, model }: { mark: Mark; model: ChartModel }) {
  return (
    <>
      <line className="cur" x1={mark.x} x2={mark.x} y1={model.area.top} y2={model.area.bottom} />
      {mark.y !== null && <circle className="dot" cx={mark.x} cy={mark.y} r={4.5} />}
    </>
  )
}
