import type { ReactNode } from "react"
import { findMatch, type Range } from "./fuzzy"

/** Something that can be gone to or done. */
export interface PaletteEntry {
  id: string
  label: string
  /** Other words by which it is found; they are not shown. */
  otherWords?: string
  icon: ReactNode
  /** What there is to say about it, at the end of the line. */
  hint?: string
  /** The key that does the same. */
  keys?: readonly string[]
  run: () => void
}

export interface PaletteGroup {
  id: string
  title: string
  /** In the order in which they stand while nothing is typed. */
  entries: readonly PaletteEntry[]
  /** How many of them stand there before anything is typed, and at most then. */
  most: { idle: number; found: number }
}

/** An entry as it is shown, with what was typed marked in it. */
export interface FoundEntry extends PaletteEntry {
  ranges: readonly Range[]
}

export interface FoundGroup {
  id: string
  title: string
  entries: readonly FoundEntry[]
}

// What is found by other words fits, but less than what shows the words itself.
const UNSEEN = 50

/** What of the groups fits to the words, the best first; a group with nothing is left out. */
export function findEntries(groups: readonly PaletteGroup[], typed: string): FoundGroup[] {
  const isIdle = typed.trim() === ""
  return groups
    .map(({ id, title, entries, most }) => ({
      id,
      title,
      entries: rank(entries, typed).slice(0, isIdle ? most.idle : most.found),
    }))
    .filter(({ entries }) => entries.length > 0)
}

function rank(entries: readonly PaletteEntry[], typed: string): FoundEntry[] {
  const found: { score: number; entry: FoundEntry }[] = []
  for (const entry of entries) {
    const match = findMatch(entry.label, typed)
    if (match) found.push({ score: match.score, entry: { ...entry, ranges: match.ranges } })
    else {
      const unseen = findMatch(`${entry.label} ${entry.otherWords ?? ""}`, typed)
      if (unseen) {
        found.push({ score: unseen.score - UNSEEN, entry: { ...entry, ranges: [] } })
      }
    }
  }
  return found.sort((a, b) => b.score - a.score).map(({ entry }) => entry)
}

/** The entry that a key leads to, round and round; `null` when it is no key of the list. */
export function stepTo(key: string, at: number, count: number): number | null {
  if (count === 0) return null
  if (key === "ArrowDown") return (at + 1) % count
  if (key === "ArrowUp") return (at - 1 + count) % count
  return null
}
