import type { ReactNode } from "react"
import styles from "./auth.module.css"

/** A fact that stands where a form would. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>
}
