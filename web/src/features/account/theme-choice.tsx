import { SettingsSection } from "@/components/settings-section"
import { cx } from "@/lib/class-names"
import { type Theme, useTheme } from "@/lib/theme"
import styles from "./theme-choice.module.css"

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
]

/** How the screens look, kept with the account. */
export function ThemeChoice() {
  const [theme, setTheme] = useTheme()
  return (
    <SettingsSection id="look" title="Appearance">
      <fieldset className={styles.themes}>
        <legend className="vh">Theme</legend>
        {THEMES.map(({ value, label }) => (
          <label key={value}>
            <Picture theme={value} />
            <span className={styles.name}>
              <span className="check">
                <input
                  type="radio"
                  name="theme"
                  value={value}
                  checked={value === theme}
                  onChange={() => setTheme(value)}
                />
              </span>
              {label}
            </span>
          </label>
        ))}
      </fieldset>
    </SettingsSection>
  )
}

function Picture({ theme }: { theme: Theme }) {
  return (
    <span className={styles.picture} aria-hidden="true">
      {theme !== "dark" && <Page className={styles.light} />}
      {theme === "dark" && <Page className={styles.dark} />}
      {theme === "system" && <Page className={cx(styles.dark, styles.half)} />}
    </span>
  )
}

function Page({ className }: { className?: string }) {
  return (
    <span className={cx(styles.page, className)}>
      <span className={styles.head}>
        <i />
        <i />
      </span>
      <span className={styles.card}>
        {PIPES.map(([place, grade]) => (
          <i key={place} className={cx("pipe", grade)} />
        ))}
      </span>
    </span>
  )
}

const PIPES = Array.from("uuuuduuuuupuuu", (grade, place) => [place, grade] as const)
