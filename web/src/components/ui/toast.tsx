import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./toast.module.css"

type Toast = {
  id: number
  text: string
  tone: "plain" | "error"
  action?: { label: string; run: () => void }
}

const STAY_MS = 8000

let toasts: readonly Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()
const timers = new Map<number, ReturnType<typeof setTimeout>>()

/** Say in a corner what just happened, for 8 seconds; `action` is usually Undo. */
export function showToast(
  text: string,
  { tone = "plain", action }: Partial<Pick<Toast, "tone" | "action">> = {},
): void {
  const toast: Toast = { id: nextId++, text, tone, action }
  publish([...toasts, toast])
  startTimer(toast.id)
}

export function dismissToast(id: number): void {
  stopTimer(id)
  publish(toasts.filter((toast) => toast.id !== id))
}

/** The corner itself; the shell renders it once. */
export function Toaster() {
  const shown = useSyncExternalStore(subscribe, () => toasts)
  const corner = useRef<HTMLElement>(null)
  const isAside = useOutOfTheWay(corner, shown.length)
  return (
    <section
      ref={corner}
      className={styles.corner}
      data-aside={isAside || undefined}
      aria-label="Messages"
      aria-live="polite"
    >
      {shown.map((toast) => (
        <ToastLine key={toast.id} toast={toast} />
      ))}
    </section>
  )
}

/** What the keyboard has reached must not lie under a message: then they go to the other corner. */
function useOutOfTheWay(corner: RefObject<HTMLElement | null>, count: number): boolean {
  const [isAside, setAside] = useState(false)
  useEffect(() => {
    if (count === 0) return setAside(false)
    const look = () => {
      if (isOver(corner.current, document.activeElement)) setAside((before) => !before)
    }
    look()
    document.addEventListener("focusin", look)
    return () => document.removeEventListener("focusin", look)
  }, [corner, count])
  return isAside
}

function isOver(corner: HTMLElement | null, focused: Element | null): boolean {
  if (!corner || !focused || corner.contains(focused)) return false
  const { left, top, right, bottom } = corner.getBoundingClientRect()
  const box = focused.getBoundingClientRect()
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  return left < x && x < right && top < y && y < bottom
}

/** One message of the corner. */
export function ToastLine({ toast }: { toast: Toast }) {
  const { id, text, tone, action } = toast
  const handleAction = () => {
    dismissToast(id)
    action?.run()
  }
  // Reading time is the reader's: the clock stops while pointer or focus is on it.
  const pause = { onMouseEnter: () => stopTimer(id), onFocus: () => stopTimer(id) }
  const resume = { onMouseLeave: () => startTimer(id), onBlur: () => startTimer(id) }
  return (
    <div className={`toast ${styles.toast}`} {...pause} {...resume}>
      {tone === "error" && <StatusGlyph state="down" label="Failed" />}
      <span className="grow">{text}</span>
      {action && (
        <Button size="sm" onClick={handleAction}>
          {action.label}
        </Button>
      )}
      <Button size="sm" variant="ghost" onClick={() => dismissToast(id)}>
        Dismiss
      </Button>
    </div>
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function publish(next: readonly Toast[]): void {
  toasts = next
  for (const listener of listeners) listener()
}

function startTimer(id: number): void {
  stopTimer(id)
  timers.set(
    id,
    setTimeout(() => dismissToast(id), STAY_MS),
  )
}

function stopTimer(id: number): void {
  clearTimeout(timers.get(id))
  timers.delete(id)
}
