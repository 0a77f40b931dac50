import { confirmTwoFactor, type NewSecondFactor } from "@/api"
import { CopyField } from "@/components/ui/copy-field"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { withProof } from "@/lib/proof"
import type { Errors, Values } from "@/lib/short-form"
import styles from "./account.module.css"
import { FormDialog } from "./form-dialog"

type SetUpDialogProps = {
  secret: NewSecondFactor | null
  open: boolean
  onClose: () => void
  /** Called with the recovery codes once the app has shown that it works. */
  onConfirmed: (codes: string[]) => void
}

/** Hand the secret to an authenticator app, and see that it has it. */
export function SetUpDialog({ secret, open, onClose, onConfirmed }: SetUpDialogProps) {
  const confirm = async ({ code = "" }: Values) => {
    const answer = await withProof(() => confirmTwoFactor({ body: { code: code.trim() } }))
    onConfirmed(answer.codes)
  }
  return (
    <FormDialog
      open={open}
      title="Set up a second factor"
      submitLabel="Turn on"
      onClose={onClose}
      check={checkCode}
      send={confirm}
    >
      {(errors) => (
        <>
          <p>Scan this with an authenticator app, then type the six digits it shows.</p>
          {secret && <img className={styles.qr} src={secret.qr} alt="QR code for the app" />}
          {secret && <CopyField label="Or type this into the app" value={secret.secret} />}
          <Field label="Code" error={errors.code}>
            {(control) => (
              <Input
                {...control}
                name="code"
                mono
                inputMode="numeric"
                autoComplete="one-time-code"
                spellCheck={false}
              />
            )}
          </Field>
        </>
      )}
    </FormDialog>
  )
}

function checkCode({ code = "" }: Values): Errors {
  const digits = code.replace(/\s/g, "")
  return /^\d{6}$/.test(digits) ? {} : { code: "Enter the six digits that the app shows." }
}
