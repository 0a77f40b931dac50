import { ChevronDown } from "lucide-react"
import {
  type CSSProperties,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react"
import type { ServiceRow as Row } from "@/api"
import { Elapsed } from "@/components/elapsed"
import { UptimeStrip } from "@/components/strip/uptime-strip"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { cx } from "@/lib/class-names"
import { formatMs, formatPct } from "@/lib/format"
import { ServiceFigures } from "./service-figures"
import styles from "./services.module.css"
import { explainState, type ServiceGroup, SHOWN } from "./shown-state"

export interface ServiceRowProps {
  row: Row
  group: ServiceGroup
  /** The line of the list's grid. */
  gridRow: number
  /** Whether it is the first or the last thing in the box of its group. */
  isFirst: boolean
  isLast: boolean
  isOpen: boolean
  onToggle: (serviceId: string) => void
  children: ReactNode
}

/** One service: state, name, 90 days, figures; opens in place. */
export const ServiceRow = memo(function ServiceRow(props: ServiceRowProps) {
  const { row, group, gridRow, isFirst, isLast, isOpen, onToggle, children } = props
  const detailId = `service-${row.id}`
  // A name on every strip would have the browser capture a hundred of them at every change of page.
  const [isMoving, setMoving] = useState(false)
  const article = useScrollToArrival(isOpen)
  useFocusInView(article, group)
  return (
    <article
      ref={article}
      className={styles.service}
      style={{ gridRow }}
      data-first={isFirst || undefined}
      data-last={isLast || undefined}
      data-open={isOpen || undefined}
      aria-label={row.name}
    >
      <div className={styles.line}>
        <Identity row={row} />
        {isOpen ? (
          <ServiceFigures serviceId={row.id} />
        ) : (
          <UptimeStrip
            strip={row.strip}
            name={row.name}
            isMuted={row.mode === "paused"}
            transitionName={isMoving ? pipesOf(row) : undefined}
          />
        )}
        <div className={styles.uptime}>
          <span className="vh">Uptime, 90 days: </span>
          {formatPct(row.uptime_pct)}
        </div>
        <div className={styles.median}>
          <span className="vh">Median response: </span>
          {formatMs(row.median_ms)}
        </div>
        <button
          type="button"
          className={styles.expand}
          aria-expanded={isOpen}
          aria-controls={isOpen ? detailId : undefined}
          aria-label={`Details for ${row.name}`}
          onPointerEnter={() => setMoving(true)}
          onPointerLeave={() => setMoving(false)}
          onFocus={() => setMoving(true)}
          onBlur={() => setMoving(false)}
          onClick={() => onToggle(row.id)}
        >
          <ChevronDown className="ic" aria-hidden="true" />
        </button>
      </div>
      {isOpen && <div id={detailId}>{children}</div>}
    </article>
  )
})

/** A row that is open when it comes was asked for by the address: bring it into view. */
function useScrollToArrival(isOpen: boolean) {
  const row = useRef<HTMLElement>(null)
  const wasAskedFor = useRef(isOpen)
  useEffect(() => {
    if (wasAskedFor.current) row.current?.scrollIntoView({ block: "nearest" })
  }, [])
  return row
}

/** Who works in a row goes on seeing it when it moves to another group, as by the press of Pause. */
function useFocusInView(row: RefObject<HTMLElement | null>, group: ServiceGroup) {
  const before = useRef(group)
  useEffect(() => {
    if (before.current === group) return
    before.current = group
    const focused = document.activeElement
    if (row.current?.contains(focused)) focused?.scrollIntoView({ block: "nearest" })
  }, [row, group])
}

/** The name by which the pipes of a closed row become the big ones of the open row. */
export function pipesOf(row: Row): string {
  return `pipes-${row.id}`
}

function Identity({ row }: { row: Row }) {
  const { glyph, word, text } = SHOWN[row.shown]
  const explanation = explainState(row)
  return (
    <div className={styles.id} style={{ "--st": text } as CSSProperties}>
      <StatusGlyph state={glyph} label={word} />
      <h3 className={cx(styles.name, "trunc")}>{row.name}</h3>
      {explanation ? (
        <span className={cx(styles.under, styles.state, "trunc")} title={explanation}>
          {explanation}
          {row.shown === "down" && row.since && (
            <>
              , for <Elapsed since={row.since} />
            </>
          )}
        </span>
      ) : (
        <span className={cx(styles.under, "trunc")} title={row.address}>
          <span className="mono">{row.address}</span>
        </span>
      )}
    </div>
  )
}
