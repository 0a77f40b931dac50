import type { Range } from "@/api"
import type { Show } from "./service-tools"

/** What the address of the services page says, beside the workspace. */
export interface PageSearch {
  show?: Exclude<Show, "all">
  q?: string
  /** The open row. */
  open?: string
  range?: Range
}

const SHOWS: readonly unknown[] = ["look", "paused"]
const RANGES: readonly unknown[] = ["24h", "7d", "30d", "90d"]

/** Read the search of an address; what is not understood is left out, never an error. */
export function readPageSearch(search: Record<string, unknown>): PageSearch {
  return {
    show: SHOWS.includes(search.show) ? (search.show as PageSearch["show"]) : undefined,
    q: readWord(search.q),
    open: readWord(search.open),
    range: RANGES.includes(search.range) ? (search.range as Range) : undefined,
  }
}

// The router reads `?q=404` as a number; people mean what they typed.
function readWord(value: unknown): string | undefined {
  if (typeof value === "number") return String(value)
  return typeof value === "string" && value !== "" ? value : undefined
}
