import { useSyncExternalStore } from "react"

// Kept on this device: the account has no place for it, and keyboards differ between devices.
const STORAGE_KEY = "allgreen-letter-keys"
const OFF = "off"
const listeners = new Set<() => void>()

/** Whether single letters do something, and a way to switch that. */
export function useLetterKeys(): [boolean, (isOn: boolean) => void] {
  return [useSyncExternalStore(subscribe, areLetterKeysOn), switchLetterKeys]
}

export function areLetterKeysOn(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== OFF
  } catch {
    return true
  }
}

function switchLetterKeys(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(STORAGE_KEY)
    else localStorage.setItem(STORAGE_KEY, OFF)
  } catch {
    // Storage may be forbidden; then the keys stay as they are.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

type Pressed = Pick<
  KeyboardEvent,
  | "key"
  | "ctrlKey"
  | "metaKey"
  | "altKey"
  | "shiftKey"
  | "repeat"
  | "isComposing"
  | "defaultPrevented"
  | "target"
>

/** Whether a press may be a command: one letter or sign, alone, and meant for no field. */
export function isLetterKey(event: Pressed): boolean {
  const { key, shiftKey, repeat, isComposing, defaultPrevented, target } = event
  if (key.length !== 1 || repeat || isComposing || defaultPrevented) return false
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  if (shiftKey && key.toLowerCase() !== key.toUpperCase()) return false
  return !isField(target) && document.querySelector("dialog[open]") === null && areLetterKeysOn()
}

/** Whether letters pressed here belong to the control: what is typed, and what a list looks for. */
function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLSelectElement) return true
  if (target instanceof HTMLTextAreaElement) return true
  return target instanceof HTMLInputElement && !NO_TEXT.has(target.type)
}

const NO_TEXT: ReadonlySet<string> = new Set(["button", "checkbox", "file", "radio", "submit"])
