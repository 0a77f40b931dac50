import { Link } from "@tanstack/react-router"
import { useState } from "react"
import { deleteAccount, type FieldError as Refusal } from "@/api"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { listFieldErrors } from "@/lib/api-error"
import { withProof } from "@/lib/proof"
import type { Values } from "@/lib/short-form"
import styles from "./account.module.css"
import { FormDialog } from "./form-dialog"

type DeleteAccountDialogProps = { email: string; isOpen: boolean; onClose: () => void }

/** Asks for the address: what cannot be undone must not happen by one press. */
export function DeleteAccountDialog({ email, isOpen, onClose }: DeleteAccountDialogProps) {
  const [obstacles, setObstacles] = useState<readonly Refusal[]>([])
  const remove = async () => {
    try {
      await withProof(() => deleteAccount())
      window.location.assign("/")
    } catch (error) {
      const found = listFieldErrors(error).filter(({ field }) => field.startsWith(PREFIX))
      if (found.length === 0) throw error
      setObstacles(found)
    }
  }
  return (
    <>
      <FormDialog
        open={isOpen}
        title="Delete your account?"
        submitLabel="Delete account"
        isEnd
        onClose={onClose}
        check={(values: Values) => checkTyped(values, email)}
        send={remove}
      >
        {(errors) => (
          <>
            <p>
              Your profile, sessions and places on told-lists go. What you did in workspaces stays
              in their history, without your name. This cannot be undone.
            </p>
            <Field
              label={
                <>
                  Type <b>{email}</b> to confirm
                </>
              }
              error={errors.confirmation}
            >
              {(control) => <Input {...control} name="confirmation" autoComplete="off" />}
            </Field>
          </>
        )}
      </FormDialog>
      <Obstacles refusals={obstacles} onClose={() => setObstacles([])} />
    </>
  )
}

const PREFIX = "workspaces."

type ObstaclesProps = { refusals: readonly Refusal[]; onClose: () => void }

/** The workspaces that would be left to nobody. */
function Obstacles({ refusals, onClose }: ObstaclesProps) {
  return (
    <Dialog
      open={refusals.length > 0}
      title="Not yet"
      onClose={onClose}
      actions={
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      }
    >
      <ul className={styles.obstacles}>
        {refusals.map(({ field, message }) => (
          <li key={field}>
            {message}{" "}
            <Link
              to="/workspaces/$workspaceId/settings"
              params={{ workspaceId: field.slice(PREFIX.length) }}
              onClick={onClose}
            >
              Open its settings
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function checkTyped({ confirmation = "" }: Values, email: string) {
  const isSame = confirmation.trim().toLowerCase() === email.toLowerCase()
  const errors: Record<string, string> = {}
  if (!isSame) errors.confirmation = `Type ${email}, exactly as it stands above.`
  return errors
}
