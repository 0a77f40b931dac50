import { afterEach, vi } from "vitest"

type Size = { width: number; height: number }

/**
 * Give elements a size: jsdom lays nothing out, so that graphs would never draw.
 *
 * Call it at the top of a test file.
 *
 * @returns A function that changes the size of everything that is observed.
 */
export function layOut(size: Size): (next: Size) => void {
  let current = size
  const observers = new Set<FixedSizeObserver>()

  class FixedSizeObserver implements ResizeObserver {
    readonly targets = new Set<Element>()
    constructor(readonly callback: ResizeObserverCallback) {
      observers.add(this)
    }
    observe(target: Element) {
      this.targets.add(target)
      this.tell(target)
    }
    unobserve(target: Element) {
      this.targets.delete(target)
    }
    disconnect() {
      this.targets.clear()
    }
    tell(target: Element) {
      const entry = { target, contentRect: current } as unknown as ResizeObserverEntry
      this.callback([entry], this)
    }
  }

  vi.stubGlobal("ResizeObserver", FixedSizeObserver)
  afterEach(() => {
    current = size
  })
  return (next) => {
    current = next
    for (const observer of observers) for (const target of observer.targets) observer.tell(target)
  }
}
