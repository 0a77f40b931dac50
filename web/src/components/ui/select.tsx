import type { ComponentProps } from "react"
import { cx } from "@/lib/class-names"

type SelectProps = ComponentProps<"select"> & {
  options: readonly { value: string; label: string }[]
  /** Without a strong border, for a select inside a row. */
  quiet?: boolean
}

/** The platform's own select: it works with every keyboard, reader and phone. */
export function Select({ options, quiet, className, ...rest }: SelectProps) {
  return (
    <select {...rest} className={cx("in", quiet && "quiet", className)}>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}
