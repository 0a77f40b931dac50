import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from "react"
import { createPortal } from "react-dom"

export interface TipProps {
  /** What the tip explains. */
  target: RefObject<HTMLElement | null>
  /** Where in the target it points to, in pixels from its left side. */
  x: number
  /** Above the target, or beside the point inside it. */
  place: "above" | "beside"
  onDismiss: () => void
  children: ReactNode
}

const GAP = 10
const BESIDE_GAP = 14
const BESIDE_TOP = 18
const VIEWPORT_MARGIN = 8

/**
 * A tooltip at a point of a strip or a graph.
 *
 * Screen readers hear the same facts from the target's `aria-valuetext`, so the tip itself is silent.
 */
export function Tip({ target, x, place, onDismiss, children }: TipProps) {
  const tip = useRef<HTMLDivElement>(null)

  // Without dependencies on purpose: new content changes the tip's size, and so its place.
  useLayoutEffect(() => {
    if (target.current && tip.current) putNear(tip.current, target.current, x, place)
  })

  useEffect(() => {
    const options = { capture: true, passive: true }
    window.addEventListener("scroll", onDismiss, options)
    return () => window.removeEventListener("scroll", onDismiss, options)
  }, [onDismiss])

  return createPortal(
    <div ref={tip} className="tip on" aria-hidden="true">
      {children}
    </div>,
    document.body,
  )
}

function putNear(tip: HTMLElement, target: HTMLElement, x: number, place: TipProps["place"]): void {
  const box = target.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = tip
  const point = box.left + x
  const left = place === "above" ? point - width / 2 : leftBeside(point, width)
  const above = box.top - height - GAP
  const top =
    place === "beside" ? box.top + BESIDE_TOP : fitsAbove(above) ? above : box.bottom + GAP
  tip.style.left = `${clampToViewport(left, width)}px`
  tip.style.top = `${top}px`
}

function leftBeside(point: number, width: number): number {
  const right = point + BESIDE_GAP
  return right + width > window.innerWidth - VIEWPORT_MARGIN ? point - width - BESIDE_GAP : right
}

function fitsAbove(top: number): boolean {
  return top >= VIEWPORT_MARGIN
}

function clampToViewport(left: number, width: number): number {
  const furthest = window.innerWidth - width - VIEWPORT_MARGIN
  return Math.max(VIEWPORT_MARGIN, Math.min(furthest, left))
}
