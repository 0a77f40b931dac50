import { useSyncExternalStore } from "react"

export type Theme = "system" | "light" | "dark"

// Read by public/theme.js before the first paint; keep the two in step.
const STORAGE_KEY = "allgreen-theme"
const listeners = new Set<() => void>()

/** Told of each choice, and of the theme before it. */
export type ThemeKeeper = (chosen: Theme, before: Theme) => void

let keeper: ThemeKeeper | null = null

/** The chosen theme and a way to choose another. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useSyncExternalStore(subscribe, currentTheme), setTheme]
}

export function currentTheme(): Theme {
  const forced = document.documentElement.dataset.theme
  return forced === "light" || forced === "dark" ? forced : "system"
}

/**
 * Let somebody keep what is chosen, beyond this device.
 *
 * @returns A function that takes it back.
 */
export function keepThemes(next: ThemeKeeper): () => void {
  keeper = next
  return () => {
    if (keeper === next) keeper = null
  }
}

/** Choose a theme: show it at once, and hand it to who keeps it. */
export function setTheme(theme: Theme): void {
  const before = currentTheme()
  showTheme(theme)
  keeper?.(theme, before)
}

// The browser takes a picture of the page before it changes: until then the theme is only chosen.
let coming: Theme | null = null

/** Show a theme, remember it on this device and cross-fade to it where the browser can. */
export function showTheme(theme: Theme): void {
  if (theme === (coming ?? currentTheme())) return
  coming = theme
  remember(theme)
  const apply = () => {
    coming = null
    if (theme === "system") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    paintBar(theme)
    for (const listener of listeners) listener()
  }
  if (document.startViewTransition) document.startViewTransition(apply)
  else apply()
}

// The bar of a phone's browser, or of the installed app, takes the colour of the page below it.
function paintBar(theme: Theme): void {
  for (const bar of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
    const own = bar.dataset.of
    bar.media =
      theme === "system" ? `(prefers-color-scheme: ${own})` : own === theme ? "all" : "not all"
  }
}

/** Whether dark is on the screen now, by choice or by the system. */
export function isDark(): boolean {
  const theme = currentTheme()
  if (theme !== "system") return theme === "dark"
  return window.matchMedia("(prefers-color-scheme: dark)").matches
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function remember(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, theme)
  } catch {
    // Storage may be forbidden; the theme then lasts as long as the page.
  }
}
