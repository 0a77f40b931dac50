import type { Outcome, Preview } from "@/api/types.gen"
import type { GlyphState } from "@/components/ui/status-glyph"

const HEADINGS: Record<Outcome, { state: GlyphState; heading: string }> = {
  ok: { state: "up", heading: "Would pass" },
  slow: { state: "degraded", heading: "Would be slow" },
  fail: { state: "down", heading: "Would fail" },
  blocked: { state: "nodata", heading: "May not be asked" },
  probe_error: { state: "nodata", heading: "Could not be tried" },
  missed: { state: "nodata", heading: "Could not be tried" },
}

/** The verdict of a try, as glyph and words. */
export function previewHeading(preview: Preview | undefined, error: unknown) {
  if (error) return { state: "nodata" as const, heading: "Could not be tried" }
  return preview
    ? HEADINGS[preview.outcome]
    : { state: "nodata" as const, heading: "Not tried yet" }
}
