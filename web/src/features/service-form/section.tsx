import { type ReactNode, useId } from "react"
import styles from "./service-form.module.css"

type SectionProps = { title: string; lead?: string; children: ReactNode }

/** One of the four questions. */
export function Section({ title, lead, children }: SectionProps) {
  const id = useId()
  return (
    <section className={styles.section} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {lead && <p>{lead}</p>}
      </header>
      {children}
    </section>
  )
}
