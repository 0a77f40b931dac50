import type { CSSProperties } from "react"
import { cx } from "@/lib/class-names"

type AvatarProps = {
  name: string
  /** In the accent pair, for the person looking at it and for workspaces. */
  strong?: boolean
  square?: boolean
  sizePx?: number
  className?: string
}

/** Initials in a disc. Decoration: the name always stands beside it. */
export function Avatar({ name, strong, square, sizePx, className }: AvatarProps) {
  const style: Record<string, string> = {}
  if (strong) Object.assign(style, { "--av": "var(--action)", "--avt": "var(--on-action)" })
  if (sizePx) style["--s"] = `${sizePx}px`
  return (
    <span
      aria-hidden="true"
      className={cx("av", square && "sq", className)}
      style={style as CSSProperties}
    >
      {square ? initials(name).slice(0, 1) : initials(name)}
    </span>
  )
}

/** The first letters of the first and the last name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words
  return picked
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toUpperCase()
}
