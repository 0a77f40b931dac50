import { Skeleton } from "@/components/ui/skeleton"
import { SettingsFrame } from "./settings-frame"

/** The settings while they are on their way. */
export function SettingsSkeleton() {
  return (
    <SettingsFrame>
      {HEIGHTS.map((height) => (
        <div key={height} style={{ marginBottom: 14 }}>
          <Skeleton height={height} radius="var(--r-5)" />
        </div>
      ))}
    </SettingsFrame>
  )
}

const HEIGHTS = [706, 246, 305, 640, 190]
