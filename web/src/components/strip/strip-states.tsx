import { Button } from "@/components/ui/button"
import { Skeleton } from "@/components/ui/skeleton"
import { StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./strip-states.module.css"

/** A strip on its way: the same box, so that nothing moves when it comes. */
export function UptimeStripSkeleton() {
  return <Skeleton height="var(--pipe-h)" />
}

/** A strip that did not come, in the strip's own height. */
export function UptimeStripError({ onRetry }: { onRetry: () => void }) {
  return (
    <div className={styles.failed} role="alert">
      <StatusGlyph state="nodata" />
      <span className="grow">History did not load</span>
      <Button size="sm" onClick={onRetry}>
        Try again
      </Button>
    </div>
  )
}
