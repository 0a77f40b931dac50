import { Skeleton } from "@/components/ui/skeleton"

/** The page on its way. It is loaded with every first page, so it brings no styles of its own. */
export function MessagesSkeleton() {
  return (
    <div className="wrap" aria-busy="true">
      <p className="vh" role="status">
        Loading the messages
      </p>
      <div className="ph">
        <div>
          <Skeleton width={190} height={34} />
          <Skeleton width={260} height={24} />
        </div>
      </div>
      <Skeleton height={342} radius="var(--r-4)" />
    </div>
  )
}
