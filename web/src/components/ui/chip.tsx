import type { ReactNode } from "react"
import { cx } from "@/lib/class-names"

type ChipProps = {
  tone?: "up" | "degraded" | "partial" | "down" | "maint" | "line"
  className?: string
  children: ReactNode
}

/** A word in a pill. For words, never for actions. */
export function Chip({ tone, className, children }: ChipProps) {
  return <span className={cx("chip", tone, className)}>{children}</span>
}
