import type { ServiceHealth } from "@/api/types.gen"
import type { GlyphState } from "@/components/ui/status-glyph"

/** How the worst of a workspace looks and what it is called. */
export const HEALTH: Record<ServiceHealth, { state: GlyphState; label: string }> = {
  up: { state: "up", label: "all green" },
  degraded: { state: "degraded", label: "slow" },
  down: { state: "down", label: "down" },
  unknown: { state: "nodata", label: "not checked yet" },
}
