import {
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useLayoutEffect,
  useRef,
  useState,
} from "react"
import { observeSize } from "@/components/plot/observe-size"
import { Tip } from "@/components/plot/tip"
import { DayTip } from "./day-tip"
import { readDay, type StripSeries } from "./read-day"
import "./strip.css"
import { dayAt, dayForKey, drawStrip, frameDay, type StripLayout } from "./strip"

export interface UptimeStripProps {
  strip: StripSeries
  /** Whose days these are. */
  name: string
  /** Paused: the history stays, paler. */
  isMuted?: boolean
  /** The name under which the pipes move to their next place when the page changes. */
  transitionName?: string
}

/** Ninety days as pipes, one tab stop: arrows move by day, Page keys by week, Home and End, Esc. */
export function UptimeStrip({ strip, name, isMuted = false, transitionName }: UptimeStripProps) {
  const host = useRef<HTMLDivElement>(null)
  const svg = useRef<SVGSVGElement>(null)
  const layout = useRef<StripLayout | null>(null)
  const drawn = useRef<{ from: string; grades: string } | null>(null)
  const count = strip.grades.length
  const [day, setDay] = useState(count - 1)
  const [isShown, setShown] = useState(false)
  const hide = useCallback(() => setShown(false), [])

  useLayoutEffect(() => {
    if (!host.current) return
    return observeSize(host.current, (size) => {
      if (!svg.current) return
      // Another first day moves every pipe by one: that is midnight, not a change of state.
      const before = drawn.current?.from === strip.from ? drawn.current.grades : strip.grades
      const box = { ...size, dpr: devicePixelRatio }
      layout.current = drawStrip(svg.current, strip.grades, box, before)
      drawn.current = { from: strip.from, grades: strip.grades }
    })
  }, [strip.from, strip.grades])

  useLayoutEffect(() => {
    if (svg.current && layout.current) frameDay(svg.current, layout.current, isShown ? day : null)
  })

  function show(target: number) {
    setDay(target)
    setShown(true)
  }

  function showUnder(event: PointerEvent<HTMLDivElement>) {
    if (!layout.current) return
    show(dayAt(layout.current, event.clientX - event.currentTarget.getBoundingClientRect().left))
  }

  function handleKey(event: KeyboardEvent) {
    if (event.key === "Escape") return hide()
    const target = dayForKey(event.key, day, count)
    if (target === null) return
    event.preventDefault()
    show(target)
  }

  function handleFocus(event: FocusEvent) {
    if (event.currentTarget.matches(":focus-visible")) setShown(true)
  }

  const reading = readDay(strip, day)
  return (
    <>
      <div
        ref={host}
        className={isMuted ? "strip mute" : "strip"}
        style={{ viewTransitionName: transitionName }}
        role="slider"
        tabIndex={0}
        aria-label={`${name}, uptime by day, last ${count} days`}
        aria-readonly="true"
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={count}
        aria-valuenow={day + 1}
        aria-valuetext={reading.sentence}
        onPointerMove={showUnder}
        onPointerDown={showUnder}
        // A finger that lifts leaves its day on the screen; a blur or a scroll takes it away.
        onPointerLeave={(event) => event.pointerType !== "touch" && hide()}
        onFocus={handleFocus}
        onBlur={hide}
        onKeyDown={handleKey}
      >
        <svg ref={svg} aria-hidden="true" />
      </div>
      {isShown && layout.current && (
        <Tip target={host} x={(day + 0.5) * layout.current.pitch} place="above" onDismiss={hide}>
          <DayTip reading={reading} />
        </Tip>
      )}
    </>
  )
}
