import { useLayoutEffect, useRef } from "react"
import { observeSize } from "@/components/plot/observe-size"
import type { StripSeries } from "./read-day"
import "./strip.css"
import { drawStrip } from "./strip"

/** Ninety days as a picture, inside something that leads to them; the figure stands beside it. */
export function StaticStrip({ strip }: { strip: Pick<StripSeries, "grades"> }) {
  const host = useRef<HTMLDivElement>(null)
  const svg = useRef<SVGSVGElement>(null)
  useLayoutEffect(() => {
    if (!host.current) return
    return observeSize(host.current, (size) => {
      if (svg.current) drawStrip(svg.current, strip.grades, { ...size, dpr: devicePixelRatio })
    })
  }, [strip.grades])
  return (
    <div ref={host} className="strip" aria-hidden="true">
      <svg ref={svg} />
    </div>
  )
}
