import type { CSSProperties } from "react"
import { cx } from "@/lib/class-names"
import styles from "./skeleton.module.css"

type SkeletonProps = {
  width?: CSSProperties["width"]
  height: CSSProperties["height"]
  radius?: CSSProperties["borderRadius"]
  className?: string
}

/** A box of the final size while its content is on the way; appears only after 200 ms. */
export function Skeleton({ width = "100%", height, radius, className }: SkeletonProps) {
  return (
    <div
      aria-hidden="true"
      className={cx("sk", styles.late, className)}
      style={{ width, height, borderRadius: radius }}
    />
  )
}
