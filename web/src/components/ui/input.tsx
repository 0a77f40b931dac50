import type { ComponentProps } from "react"
import { cx } from "@/lib/class-names"

type InputProps = ComponentProps<"input"> & { mono?: boolean }

/** A one-line input in the kit's look. */
export function Input({ mono, className, ...rest }: InputProps) {
  return <input {...rest} className={cx("in", mono && "mono", className)} />
}

export function TextArea({
  mono,
  className,
  ...rest
}: ComponentProps<"textarea"> & { mono?: boolean }) {
  return <textarea {...rest} className={cx("in", mono && "mono", className)} />
}
