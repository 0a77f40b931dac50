import type { Workspace } from "@/api"
import type { GlyphState } from "@/components/ui/status-glyph"
import { formatDuration } from "@/lib/format"

/** One part of the sentence that says how a workspace is now. */
export interface Fact {
  glyph: GlyphState
  words: string
  /** Said after the words, lighter. */
  more: string | null
}

/** The counts of a workspace as glyphs and words, the worst first; what is zero is not said. */
export function listFacts(
  { counts, down_since }: Pick<Workspace, "counts" | "down_since">,
  now: number,
): Fact[] {
  const facts: { glyph: GlyphState; count: number; word: string; more?: string | null }[] = [
    {
      glyph: "down",
      count: counts.down,
      word: "down",
      more: writeDowntime(counts.down, down_since, now),
    },
    { glyph: "degraded", count: counts.degraded, word: "slow" },
    { glyph: "nodata", count: counts.unknown, word: "not known" },
    { glyph: "maint", count: counts.maintenance, word: "in maintenance" },
    { glyph: "up", count: counts.up, word: "green" },
    { glyph: "paused", count: counts.paused, word: "paused" },
  ]
  return facts
    .filter(({ count }) => count > 0)
    .map(({ glyph, count, word, more }) => ({
      glyph,
      words: `${count} ${word}`,
      more: more ?? null,
    }))
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

function writeDowntime(down: number, since: string | null, now: number): string | null {
  if (!since) return null
  const duration = formatDuration((now - Date.parse(since)) / 1000)
  return down === 1 ? `for ${duration}` : `for up to ${duration}`
}
