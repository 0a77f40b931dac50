import { type ReactNode, useId, useState } from "react"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { FormFailure } from "@/components/ui/form-failure"
import { type Errors, useShortForm, type Values } from "@/lib/short-form"
import styles from "./account.module.css"

type FormDialogProps = {
  open: boolean
  title: string
  submitLabel: string
  /** It takes something away. */
  isEnd?: boolean
  onClose: () => void
  check?: (values: Values) => Errors
  /** Send; the dialog closes after it. A refusal is thrown as an `ApiError`. */
  send: (values: Values) => Promise<void>
  children: ReactNode | ((errors: Errors) => ReactNode)
}

/** A question with a few fields, or with none. */
export function FormDialog(props: FormDialogProps) {
  const { open } = props
  const [wasOpen, setWasOpen] = useState(open)
  const [openings, setOpenings] = useState(0)
  // What was refused belongs to the opening in which it was.
  if (open !== wasOpen) {
    setWasOpen(open)
    if (open) setOpenings(openings + 1)
  }
  return <Opening key={openings} {...props} />
}

function Opening(props: FormDialogProps) {
  const { open, title, submitLabel, isEnd, onClose, check, send, children } = props
  const formId = useId()
  const form = useShortForm({
    check: check ?? (() => ({})),
    send: async (values) => {
      await send(values)
      onClose()
    },
  })
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            form={formId}
            variant={isEnd ? "destroy" : "primary"}
            busy={form.busy}
          >
            {submitLabel}
          </Button>
        </>
      }
    >
      <form id={formId} className={styles.form} onSubmit={form.handleSubmit} noValidate>
        {typeof children === "function" ? children(form.errors) : children}
        <FormFailure>{form.failure}</FormFailure>
      </form>
    </Dialog>
  )
}
