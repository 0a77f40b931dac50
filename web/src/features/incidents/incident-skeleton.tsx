import { Skeleton } from "@/components/ui/skeleton"

/** The page on its way. */
export function IncidentSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading the incident
      </p>
      <Skeleton width={130} height={20} />
      <div style={{ height: 16 }} />
      <Skeleton height={232} radius="var(--r-5)" />
      <div style={{ height: 14 }} />
      <Skeleton height={300} radius="var(--r-4)" />
    </div>
  )
}
