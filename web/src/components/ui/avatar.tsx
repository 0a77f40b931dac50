import { type CSSProperties, useState } from "react"
import { cx } from "@/lib/class-names"
import styles from "./avatar.module.css"

type AvatarProps = {
  name: string
  /** In the accent pair, for the person looking at it and for workspaces. */
  strong?: boolean
  square?: boolean
  /** The path of a photo; the initials stand in for one that does not load. */
  photo?: string | null
  sizePx?: number
  className?: string
}

/** A photo or initials in a disc. Decoration: the name always stands beside it. */
export function Avatar({ name, strong, square, photo, sizePx, className }: AvatarProps) {
  const [failed, setFailed] = useState<string | null>(null)
  const style: Record<string, string> = {}
  if (strong) Object.assign(style, { "--av": "var(--action)", "--avt": "var(--on-action)" })
  if (sizePx) style["--s"] = `${sizePx}px`
  return (
    <span
      aria-hidden="true"
      className={cx("av", square && "sq", className)}
      style={style as CSSProperties}
    >
      {photo && photo !== failed ? (
        <img className={styles.photo} src={photo} alt="" onError={() => setFailed(photo)} />
      ) : square ? (
        initials(name).slice(0, 1)
      ) : (
        initials(name)
      )}
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
