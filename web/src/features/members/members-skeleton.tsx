import { Skeleton } from "@/components/ui/skeleton"

/** The page on its way. It is loaded with every first page, so it brings no styles of its own. */
export function MembersSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading the members
      </p>
      <div className="ph">
        <div>
          <Skeleton width={160} height={34} />
          <Skeleton width="min(320px, 80vw)" height={24} />
        </div>
      </div>
      <Skeleton height={138} radius="var(--r-4)" />
      <div style={{ height: 64 }} />
      <Skeleton height={260} radius="var(--r-4)" />
    </div>
  )
}
