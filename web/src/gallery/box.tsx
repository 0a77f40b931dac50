import type { ReactNode } from "react"
import { cx } from "@/lib/class-names"
import styles from "./gallery.module.css"

/** A part of the gallery: what kind of thing, and its states in boxes. */
export function Part({
  title,
  wide,
  children,
}: {
  title: string
  wide?: boolean
  children: ReactNode
}) {
  return (
    <section className={styles.part} aria-label={title}>
      <h2>{title}</h2>
      <div className={cx(styles.grid, wide && styles.wide)}>{children}</div>
    </section>
  )
}

/** One state, or a few of one kind. */
export function Box({ says, children }: { says?: string; children: ReactNode }) {
  return (
    <div className={styles.box}>
      {says && <p className={styles.says}>{says}</p>}
      {children}
    </div>
  )
}

export function Line({ children }: { children: ReactNode }) {
  return <div className={styles.line}>{children}</div>
}
