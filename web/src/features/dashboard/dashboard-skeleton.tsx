import { Skeleton } from "@/components/ui/skeleton"

/** The page on its way. It is loaded with every first page, so it brings no styles of its own. */
export function DashboardSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading your workspaces
      </p>
      <Skeleton height={358} radius="var(--r-5)" />
      <div style={{ height: 76 }} />
      <Skeleton height={226} radius="var(--r-5)" />
    </div>
  )
}
