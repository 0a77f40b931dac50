import { Skeleton } from "@/components/ui/skeleton"
import styles from "./dashboard.module.css"
import { WorkspaceCardSkeleton } from "./workspace-card"

/** The page on its way: the slab and cards in their final boxes. */
export function DashboardSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading your workspaces
      </p>
      <Skeleton height={358} radius="var(--r-5)" />
      <div className={styles.title}>
        <Skeleton width={120} height={24} />
      </div>
      <div className={styles.cards}>
        <WorkspaceCardSkeleton />
        <WorkspaceCardSkeleton />
      </div>
    </div>
  )
}
