import { useEffect, useRef, useState } from "react"
import type { Workspace } from "@/api"
import { listFacts } from "./facts"

const MIN_GAP_MS = 10_000

/**
 * Tells a screen reader when the state of the workspace changes, at most once in ten seconds.
 *
 * Only the counts are spoken: durations change every minute and are no news.
 */
export function Announcement({ workspace }: { workspace: Workspace }) {
  const words = listFacts(workspace).map((fact) => fact.words)
  const sentence = useThrottled(words.join(", "), MIN_GAP_MS)
  return (
    <p className="vh" role="status">
      {sentence}
    </p>
  )
}

function useThrottled(value: string, gapMs: number): string {
  const [shown, setShown] = useState(value)
  const changedAt = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    if (value === shown) return
    const wait = Math.max(0, changedAt.current + gapMs - Date.now())
    const timer = setTimeout(() => {
      changedAt.current = Date.now()
      setShown(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, shown, gapMs])
  return shown
}
