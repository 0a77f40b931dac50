import { type ReactNode, useId, useState } from "react"
import { cx } from "@/lib/class-names"
import styles from "./popover.module.css"

type PopoverProps = {
  /** What the button shows. */
  trigger: ReactNode
  triggerClassName?: string
  /** The name of the panel. */
  label: string
  className?: string
  children: ReactNode
}

/** A button and the small panel it opens: the platform's popover closes by Esc and by a click beside it. */
export function Popover(props: PopoverProps) {
  const { trigger, triggerClassName, label, className, children } = props
  const id = useId()
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className={triggerClassName}
        popoverTarget={id}
        aria-expanded={open}
        aria-controls={id}
      >
        {trigger}
      </button>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls */}
      <div
        id={id}
        popover="auto"
        role="group"
        aria-label={label}
        className={cx(styles.panel, className)}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {children}
      </div>
    </>
  )
}
