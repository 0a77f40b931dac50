import { Skeleton } from "@/components/ui/skeleton"
import styles from "./workspaces.module.css"

/** A drawer on its way: its head, the drawers, and cards. */
export function SettingsSkeleton() {
  return (
    <div className={`wrap ${styles.narrow}`} aria-busy="true">
      <p className="vh" role="status">
        Loading the settings
      </p>
      <div className="ph">
        <div>
          <Skeleton width={220} height={34} />
          <Skeleton width={300} height={24} />
        </div>
      </div>
      <div className={styles.two}>
        <Skeleton height={138} radius="var(--r-3)" />
        <div className={styles.fields}>
          <Skeleton height={300} radius="var(--r-5)" />
          <Skeleton height={140} radius="var(--r-5)" />
        </div>
      </div>
    </div>
  )
}
