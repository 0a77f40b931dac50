/** Called with the size of an element's content box in CSS pixels. */
export type SizeListener = (size: { width: number; height: number }) => void

const listeners = new Map<Element, SizeListener>()
let observer: ResizeObserver | undefined

/**
 * Call back with an element's size now and after every change, until the returned function is called.
 *
 * One observer serves every element: a page of a hundred strips would otherwise hold a hundred.
 */
export function observeSize(element: Element, listener: SizeListener): () => void {
  observer ??= new ResizeObserver(tell)
  listeners.set(element, listener)
  observer.observe(element)
  return () => {
    listeners.delete(element)
    observer?.unobserve(element)
  }
}

function tell(entries: readonly ResizeObserverEntry[]): void {
  for (const { target, contentRect } of entries) {
    // A hidden element has no size; what was drawn waits until it is seen again.
    if (contentRect.width > 0) {
      listeners.get(target)?.({ width: contentRect.width, height: contentRect.height })
    }
  }
}
