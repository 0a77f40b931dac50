import { cx } from "@/lib/class-names"
import styles from "./spinner.module.css"

/** A small sign of work under way inside a control; the control itself says `aria-busy`. */
export function Spinner({ className }: { className?: string }) {
  return (
    <svg className={cx(styles.spinner, className)} viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.2" />
    </svg>
  )
}
