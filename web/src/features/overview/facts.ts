import type { Counts, Workspace } from "@/api"
import type { GlyphState } from "@/components/ui/status-glyph"

/** One part of the sentence that says how a workspace is now. */
export interface Fact {
  glyph: GlyphState
  words: string
  /** Since when, for what lasts; with several of them it is true of the first only. */
  since: string | null
}

/** The counts of a workspace as glyphs and words, the worst first; what is zero is not said. */
export function listFacts({
  counts,
  down_since,
}: Pick<Workspace, "counts" | "down_since">): Fact[] {
  const facts: { glyph: GlyphState; count: number; word: string; since?: string | null }[] = [
    { glyph: "down", count: counts.down, word: "down", since: down_since },
    { glyph: "degraded", count: counts.degraded, word: "slow" },
    { glyph: "nodata", count: counts.unknown, word: "not known" },
    { glyph: "maint", count: counts.maintenance, word: "in maintenance" },
    { glyph: "up", count: counts.up, word: "green" },
    { glyph: "paused", count: counts.paused, word: "paused" },
  ]
  return facts
    .filter(({ count }) => count > 0)
    .map(({ glyph, count, word, since = null }) => ({ glyph, words: `${count} ${word}`, since }))
}

export type WorstState = "down" | "degraded" | "up" | "unknown"

/** The worst state that was measured; where nothing was, none is claimed. */
export function worstState({ up, degraded, down }: Counts): WorstState {
  if (down > 0) return "down"
  if (degraded > 0) return "degraded"
  return up > 0 ? "up" : "unknown"
}

/** What the title of a tab starts with: the worst state, `1 down · `, and nothing while all is well. */
export function writeLead(counts: Counts): string {
  const worst = worstState(counts)
  if (worst === "down") return `${counts.down} down · `
  return worst === "degraded" ? `${counts.degraded} slow · ` : ""
}
