import type { ComponentProps } from "react"
import { cx } from "@/lib/class-names"

/** On or off, at once. Give it a label of its own or an `aria-label`. */
export function Switch({ className, ...rest }: Omit<ComponentProps<"input">, "type" | "role">) {
  // biome-ignore lint/a11y/useAriaPropsForRole: a checkbox tells its own checked state
  return <input {...rest} type="checkbox" role="switch" className={cx("switch", className)} />
}
