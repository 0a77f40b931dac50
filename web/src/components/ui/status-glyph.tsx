import { DOWN } from "@/components/ui/down-glyph"
import { cx } from "@/lib/class-names"

export type GlyphState = "up" | "degraded" | "partial" | "down" | "maint" | "paused" | "nodata"

type StatusGlyphProps = {
  state: GlyphState
  /** The word for it. Left out only where the word stands right beside the glyph. */
  label?: string
  className?: string
}

/** The state as a shape first, a colour second. */
export function StatusGlyph({ state, label, className }: StatusGlyphProps) {
  const shape = { className: cx("g", state, className), viewBox: "0 0 16 16" }
  if (!label) {
    return (
      <svg {...shape} aria-hidden="true">
        <Shape state={state} />
      </svg>
    )
  }
  return (
    <svg {...shape} role="img" aria-label={label}>
      <Shape state={state} />
    </svg>
  )
}

/** The body of each shape, and the mark that is cut into it. */
const SHAPES: Record<Exclude<GlyphState, "nodata">, readonly [body: string, mark: string]> = {
  up: ["M1 8a7 7 0 1 1 14 0A7 7 0 1 1 1 8", "M5 8.3l2.1 2.1 3.9-4.6"],
  degraded: [
    "M6.7 1.2a1.85 1.85 0 0 1 2.6 0l5.5 5.5a1.85 1.85 0 0 1 0 2.6l-5.5 5.5a1.85 1.85 0 0 1-2.6 0L1.2 9.3a1.85 1.85 0 0 1 0-2.6z",
    "M5.4 8h5.2",
  ],
  partial: [
    "M6.4 1.9a1.85 1.85 0 0 1 3.2 0l5.7 10.1a1.85 1.85 0 0 1-1.6 2.8H2.3A1.85 1.85 0 0 1 .7 12z",
    "M8 5.6v3.6M8 11.8v.01",
  ],
  down: DOWN,
  maint: [
    "M4.4 1h7.2A3.4 3.4 0 0 1 15 4.4v7.2a3.4 3.4 0 0 1-3.4 3.4H4.4A3.4 3.4 0 0 1 1 11.6V4.4A3.4 3.4 0 0 1 4.4 1",
    "M4.5 11.5l7-7M4.4 7.6l3.2-3.2M8.4 11.6l3.2-3.2",
  ],
  paused: ["M1 8a7 7 0 1 1 14 0A7 7 0 1 1 1 8", "M6.3 5.6v4.8M9.7 5.6v4.8"],
}

function Shape({ state }: { state: GlyphState }) {
  if (state === "nodata") return <DashedCircle />
  const [body, mark] = SHAPES[state]
  return (
    <>
      <path className="b" d={body} />
      <path className="k" d={mark} />
    </>
  )
}

function DashedCircle() {
  return (
    <circle
      cx="8"
      cy="8"
      r="6.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeDasharray="2.6 2.27"
    />
  )
}
