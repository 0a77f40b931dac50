import type { ComponentProps, ReactNode } from "react"
import { cx } from "@/lib/class-names"

type CheckProps = Omit<ComponentProps<"input">, "type"> & { children: ReactNode }

/** A checkbox with its label. */
export function Check({ children, className, ...rest }: CheckProps) {
  return (
    <label className={cx("check", className)}>
      <input {...rest} type="checkbox" />
      {children}
    </label>
  )
}

/** A radio button with its label. */
export function Radio({ children, className, ...rest }: CheckProps) {
  return (
    <label className={cx("check", className)}>
      <input {...rest} type="radio" />
      {children}
    </label>
  )
}
