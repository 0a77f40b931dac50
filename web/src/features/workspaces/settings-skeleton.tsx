import { Skeleton } from "@/components/ui/skeleton"

/** A drawer on its way. It is loaded with every first page, so it brings no styles of its own. */
export function SettingsSkeleton() {
  return (
    <div className="wrap" style={{ maxWidth: 980 }} aria-busy="true">
      <p className="vh" role="status">
        Loading the settings
      </p>
      <div className="ph">
        <div>
          <Skeleton width={220} height={34} />
          <Skeleton width={300} height={24} />
        </div>
      </div>
      <Skeleton height={420} radius="var(--r-5)" />
    </div>
  )
}
