import type { ComponentProps } from "react"
import { Spinner } from "@/components/ui/spinner"
import { cx } from "@/lib/class-names"
import styles from "./button.module.css"

const LOOK = {
  primary: "pri",
  secondary: "",
  ghost: "ghost",
  danger: "danger",
  destroy: "danger fill",
} as const

export type ButtonLook = {
  variant?: keyof typeof LOOK
  size?: "sm" | "md" | "lg"
  /** Square, for a lone icon; give it an `aria-label`. */
  icon?: boolean
  wide?: boolean
}

type ButtonProps = ComponentProps<"button"> & ButtonLook & { busy?: boolean }

/** The classes of a button, for a link that looks like one. */
export function buttonClass({ variant = "secondary", size = "md", icon, wide }: ButtonLook = {}) {
  return cx("btn", LOOK[variant], size !== "md" && size, icon && "icon", wide && "wide")
}

/** A button. While `busy` it keeps label and width, shows a spinner and ignores presses. */
export function Button({
  variant,
  size,
  icon,
  wide,
  busy = false,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={cx(buttonClass({ variant, size, icon, wide }), busy && styles.busy, className)}
      aria-busy={busy || undefined}
      onClick={(event) => (busy ? event.preventDefault() : onClick?.(event))}
    >
      {busy && <Spinner className={styles.spinner} />}
      {children}
    </button>
  )
}
