/** Give jsdom what it lacks, as far as it can be had without a layout. */
export function fillJsdomGaps(): void {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true
  }
  HTMLDialogElement.prototype.close = function close() {
    this.open = false
  }
  // Where nothing is laid out, nothing scrolls and nothing has a size; see `layout.ts` for sizes.
  Element.prototype.scrollIntoView = () => {}
  window.scrollTo = () => {}
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
}
