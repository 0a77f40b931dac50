import { type FormEvent, useId, useState } from "react"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Field, FieldError } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { describeError } from "@/lib/api-client"
import { type ServiceRef, useDeleteService } from "./mutations"
import styles from "./service-detail.module.css"

export interface DeleteServiceDialogProps {
  service: ServiceRef
  isOpen: boolean
  onClose: () => void
  onDeleted: () => void
}

/** Asks for the name of the service: what cannot be undone must not happen by one press. */
export function DeleteServiceDialog({
  service,
  isOpen,
  onClose,
  onDeleted,
}: DeleteServiceDialogProps) {
  const formId = useId()
  const deletion = useDeleteService(service, onDeleted)
  return (
    <Dialog
      open={isOpen}
      title={`Delete ${service.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" form={formId} variant="destroy" busy={deletion.isPending}>
            Delete service
          </Button>
        </>
      }
    >
      <p>Its 90 days of history go too, and its incidents. This cannot be undone.</p>
      <ConfirmForm id={formId} name={service.name} onConfirmed={() => deletion.mutate()} />
      {deletion.error && <FieldError>{describeError(deletion.error)}</FieldError>}
    </Dialog>
  )
}

interface ConfirmFormProps {
  id: string
  name: string
  onConfirmed: () => void
}

function ConfirmForm({ id, name, onConfirmed }: ConfirmFormProps) {
  const [typed, setTyped] = useState("")
  const [isRefused, setRefused] = useState(false)

  function handleSubmit(event: FormEvent) {
    event.preventDefault()
    const isConfirmed = typed.trim() === name.trim()
    setRefused(!isConfirmed)
    if (isConfirmed) onConfirmed()
  }

  return (
    <form id={id} className={styles.confirm} onSubmit={handleSubmit} noValidate>
      <Field
        label={
          <>
            Type <b>{name}</b> to confirm
          </>
        }
        error={isRefused ? `Type ${name}, exactly as it stands above.` : undefined}
      >
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
    </form>
  )
}
