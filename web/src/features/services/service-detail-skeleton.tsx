import { Skeleton } from "@/components/ui/skeleton"
import styles from "./service-detail.module.css"

/** An open row on its way: strip, graph and settings in their final boxes. */
export function ServiceDetailSkeleton() {
  return (
    <div className={styles.more} aria-busy="true">
      <div className={styles.full}>
        <Skeleton height={82} />
      </div>
      <Skeleton height={290} />
      <div className={styles.settings}>
        <Skeleton height={320} />
      </div>
    </div>
  )
}
