import type { ReactNode } from "react"
import { cx } from "@/lib/class-names"

type SegmentedProps<Value extends string> = {
  label: string
  value: Value
  options: readonly { value: Value; label: ReactNode }[]
  onChange: (value: Value) => void
  size?: "sm"
  className?: string
}

/** One of a few, all in sight: buttons of which one is pressed. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { label, value, options, onChange, size, className } = props
  return (
    // A fieldset would bring a legend and a frame; the kit's group is a plain row.
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div role="group" aria-label={label} className={cx("seg", size, className)}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
