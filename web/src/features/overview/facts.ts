import type { Workspace } from "@/api"
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

export type WorstState = "down" | "degraded" | "up"

export function worstState({ counts }: Pick<Workspace, "counts">): WorstState {
  if (counts.down > 0) return "down"
  return counts.degraded > 0 ? "degraded" : "up"
}

/** The title of the tab, which starts with the worst state: `1 down · Nordlys · Allgreen`. */
export function writeTitle({ name, counts }: Pick<Workspace, "name" | "counts">): string {
  const worst = worstState({ counts })
  const lead = { down: `${counts.down} down · `, degraded: `${counts.degraded} slow · `, up: "" }[
    worst
  ]
  return `${lead}${name} · Allgreen`
}
