import { type ReactNode, useId } from "react"
import styles from "./settings-section.module.css"

type SettingsSectionProps = { title?: string; lead?: ReactNode; children: ReactNode }

/** One card of a page of settings. */
export function SettingsSection({ title, lead, children }: SettingsSectionProps) {
  const id = useId()
  return (
    <section className={styles.section} aria-labelledby={title && id}>
      {title && (
        <header>
          <h2 id={id}>{title}</h2>
          {lead && <p>{lead}</p>}
        </header>
      )}
      {children}
    </section>
  )
}

type SettingsLineProps = { title: ReactNode; text?: ReactNode; children?: ReactNode }

/** A thing, what there is to say about it, and what can be done with it. */
export function SettingsLine({ title, text, children }: SettingsLineProps) {
  return (
    <div className={styles.line}>
      <div>
        <b className="med">{title}</b>
        {text && <p className="sm t3">{text}</p>}
      </div>
      {children}
    </div>
  )
}
