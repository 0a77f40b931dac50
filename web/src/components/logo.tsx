import type { CSSProperties } from "react"

export type MarkState = "up" | "degraded" | "partial" | "down" | "nodata"

/**
 * The mark and the name: five pipes, of which the last takes the worst live state.
 *
 * The link round it carries the class `logo`.
 */
export function LogoMark({ state = "up" }: { state?: MarkState }) {
  return (
    <>
      <svg viewBox="0 0 26 20" aria-hidden="true" style={markColour(state)}>
        {PIPES.map(([x, y]) => (
          <rect
            key={x}
            className={x === LIVE_X ? "live" : "m"}
            x={x}
            y={y}
            width="3.6"
            height={20 - y}
            rx="1.8"
          />
        ))}
      </svg>
      <span>allgreen</span>
    </>
  )
}

function markColour(state: MarkState): CSSProperties {
  return { "--mark": `var(--${state})` } as CSSProperties
}

const LIVE_X = 22.4
const PIPES = [
  [0, 11],
  [5.6, 5],
  [11.2, 0],
  [16.8, 3],
  [LIVE_X, 8],
] as const
