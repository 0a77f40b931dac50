/** What lies over any page when it is asked for: the palette, and the list of keys. */
export type Sheet = "palette" | "keys"

/** Who shows them. They are not loaded before somebody is about to ask. */
export type SheetKeeper = { show: (sheet: Sheet) => void; warm: () => void }

let keeper: SheetKeeper | null = null

/**
 * Show what is asked for from now on; the frame of the signed-in pages does so once.
 *
 * @returns A function that takes it back.
 */
export function keepSheets(next: SheetKeeper): () => void {
  keeper = next
  return () => {
    if (keeper === next) keeper = null
  }
}

export function showSheet(sheet: Sheet): void {
  keeper?.show(sheet)
}

/** Fetch the palette: a pointer or the focus is on the way to it. */
export function warmPalette(): void {
  keeper?.warm()
}
