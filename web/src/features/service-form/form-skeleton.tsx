import { Skeleton } from "@/components/ui/skeleton"

/** The form's boxes while its content is on the way. */
export function FormSkeleton() {
  return (
    <div className="wrap" role="status" aria-label="Loading the form">
      <div className="ph">
        <Skeleton width={260} height={62} radius="var(--r-3)" />
      </div>
      <div style={{ display: "grid", gap: 14, maxWidth: 760 }}>
        {[286, 566, 274, 380].map((height) => (
          <Skeleton key={height} height={height} radius="var(--r-5)" />
        ))}
      </div>
    </div>
  )
}
