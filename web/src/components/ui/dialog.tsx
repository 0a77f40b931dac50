import { type ReactNode, type SyntheticEvent, useEffect, useId, useRef } from "react"
import styles from "./dialog.module.css"

type DialogProps = {
  open: boolean
  title: string
  onClose: () => void
  /** What it means. */
  children?: ReactNode
  /** The buttons, the way out first. */
  actions: ReactNode
}

/** A question that must be answered first: the native modal dialog, with its own focus and Esc. */
export function Dialog({ open, title, onClose, children, actions }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  useEffect(() => focusPageIfLost, [])
  const handleCancel = (event: SyntheticEvent) => {
    event.preventDefault()
    onClose()
  }
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={handleCancel}
    >
      {open && (
        <div className={styles.body}>
          <h2 id={titleId}>{title}</h2>
          {children && <div className={styles.text}>{children}</div>}
          <div className={styles.actions}>{actions}</div>
        </div>
      )}
    </dialog>
  )
}

// Who deletes a thing loses the dialog and the button that opened it. Keyboard and reader go on at the
// top of the page then, not nowhere.
function focusPageIfLost() {
  if (document.activeElement === document.body) {
    document.getElementById("main")?.focus({ preventScroll: true })
  }
}
