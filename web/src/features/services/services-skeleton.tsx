import { UptimeStripSkeleton } from "@/components/strip/strip-states"
import { Skeleton } from "@/components/ui/skeleton"
import styles from "./services.module.css"

const ROWS = [132, 96, 148, 110]

/** The page on its way: slab, filter and rows in their final boxes. */
export function ServicesSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading the services
      </p>
      <div className="ph">
        <div>
          <Skeleton width={260} height={34} />
          <div className={styles.gap}>
            <Skeleton width={180} height={20} />
          </div>
        </div>
      </div>
      <Skeleton height={202} radius="var(--r-5)" className={styles.slabGap} />
      <div className={styles.tools}>
        <Skeleton width={258} height={36} radius="var(--r-3)" />
      </div>
      <div className={styles.group}>
        <Skeleton width={90} height={20} />
      </div>
      <div className={styles.list}>
        {ROWS.map((width, index) => (
          <div key={width} className={styles.service} data-first={index === 0 || undefined}>
            <div className={styles.line}>
              <div className={styles.lines}>
                <Skeleton width={width} height={16} />
                <Skeleton width={width + 56} height={12} />
              </div>
              <UptimeStripSkeleton />
              <Skeleton height={16} />
              <Skeleton height={16} className={styles.median} />
              <span />
            </div>
          </div>
        ))}
      </div>
    </div>
  )
}
