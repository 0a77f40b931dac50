import styles from "./services.module.css"

const ENTRIES = [
  { pipe: "pipe", word: "100 %" },
  { pipe: "pipe d", word: "95 to 100 %" },
  { pipe: "pipe p", word: "50 to 95 %" },
  { pipe: "pipe x", word: "under 50 %" },
  { pipe: "pipe m", word: "maintenance, not counted" },
  { pipe: "pipe n", word: "no data" },
]

/** What the pipes mean, and in which zone a day begins. */
export function StripLegend({ zone }: { zone: string }) {
  return (
    <p className={`xs t3 ${styles.legend}`}>
      {ENTRIES.map(({ pipe, word }) => (
        <span key={word} className="row">
          <i className={pipe} />
          {word.replaceAll(" %", "\u00a0%")}
        </span>
      ))}
      <span className={styles.zone}>Days run in {zone}</span>
    </p>
  )
}
