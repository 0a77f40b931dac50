/** The key that opens the palette, as it is written on this machine's keyboard. */
export const PALETTE_KEY = /^(Mac|iP)/.test(navigator.platform) ? "⌘K" : "Ctrl K"
