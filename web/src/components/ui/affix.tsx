import type { ComponentProps, ReactNode } from "react"
import { cx } from "@/lib/class-names"

type AffixProps = ComponentProps<"div"> & { start?: ReactNode; end?: ReactNode }

/** One frame round an input and what belongs to it: a unit, an icon, a second control. */
export function Affix({ start, end, className, children, ...rest }: AffixProps) {
  return (
    <div {...rest} className={cx("affix", className)}>
      {start && <span>{start}</span>}
      {children}
      {end && <span className="end">{end}</span>}
    </div>
  )
}
