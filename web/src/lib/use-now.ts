import { useCallback, useSyncExternalStore } from "react"

/**
 * The present, in steps: the caller renders again when a step has passed.
 *
 * @param stepMs How coarse the caller may be. "42 min" needs no tick every second.
 */
export function useNow(stepMs: number): number {
  const subscribe = useCallback(
    (onTick: () => void) => {
      const timer = setInterval(onTick, stepMs)
      return () => clearInterval(timer)
    },
    [stepMs],
  )
  return useSyncExternalStore(subscribe, () => Math.floor(Date.now() / stepMs) * stepMs)
}
