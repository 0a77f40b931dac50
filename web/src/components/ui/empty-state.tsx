import type { ReactNode } from "react"
import styles from "./empty-state.module.css"

type EmptyStateProps = {
  /** One sentence. */
  children: ReactNode
  /** The one next step. */
  action?: ReactNode
}

/** Nothing here yet: one sentence and one action. */
export function EmptyState({ children, action }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <p>{children}</p>
      {action}
    </div>
  )
}
