import type { CSSProperties } from "react"
import styles from "./gallery.module.css"

const GROUNDS = [
  ...["canvas", "surface", "raised", "sunken", "hover", "selected"],
  ...["line", "line-strong", "line-control", "text-3", "text-2", "text-1"],
]
const STATES = ["up", "degraded", "partial", "down", "maint"]
const CHARTS = [1, 2, 3, 4, 5]

/** The tokens themselves. */
export function Swatches() {
  return (
    <section className={styles.part} aria-label="Ground and ink">
      <h2>Ground and ink</h2>
      <ul className={styles.swatches}>
        {GROUNDS.map((name) => (
          <Swatch key={name} name={name} style={{ background: `var(--${name})` }} />
        ))}
      </ul>
      <ul className={styles.swatches}>
        {STATES.map((name) => (
          <Swatch key={name} name={name} style={{ background: sided(name) }} />
        ))}
        {STATES.map((name) => (
          <Swatch
            key={name}
            name={`${name}-text on tint`}
            text="Aa 42 min"
            style={{ background: `var(--${name}-tint)`, color: `var(--${name}-text)` }}
          />
        ))}
        {CHARTS.map((number) => (
          <Swatch
            key={number}
            name={`chart-${number}`}
            style={{
              background: `linear-gradient(var(--chart-${number}) 0 0) 50% / 78% 3px no-repeat var(--raised)`,
            }}
          />
        ))}
      </ul>
    </section>
  )
}

/** A body with its darker side, as pipes have it; maintenance has none. */
function sided(state: string): string {
  if (state === "maint") return "var(--maint)"
  return `linear-gradient(90deg, var(--${state}-edge) 32%, var(--${state}) 0)`
}

function Swatch({ name, text, style }: { name: string; text?: string; style: CSSProperties }) {
  return (
    <li>
      <i style={style}>{text}</i>
      {name}
    </li>
  )
}
