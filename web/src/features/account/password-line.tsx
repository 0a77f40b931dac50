import { KeyRound } from "lucide-react"
import { useState } from "react"
import { changePassword } from "@/api"
import { SettingsLine } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { showToast } from "@/components/ui/toast"
import { withProof } from "@/lib/proof"
import type { Errors, Values } from "@/lib/short-form"
import { FormDialog } from "./form-dialog"
import { useRefreshAccount } from "./mutations"

const SHORTEST = 12

/** The password: another one, or a first one for who came by GitHub. */
export function PasswordLine({ hasPassword }: { hasPassword: boolean }) {
  const [isAsked, setAsked] = useState(false)
  const refresh = useRefreshAccount()
  const change = async (values: Values) => {
    const current = hasPassword ? { current_password: values.current_password ?? "" } : {}
    const body = { ...current, new_password: values.new_password ?? "" }
    await withProof(() => changePassword({ body }))
    await refresh()
    showToast("Your password is changed")
  }
  return (
    <SettingsLine
      icon={<KeyRound className="ic l" aria-hidden="true" />}
      title="Password"
      text={hasPassword ? "Set. A new one signs you out everywhere else." : "None yet."}
    >
      <Button size="sm" onClick={() => setAsked(true)}>
        {hasPassword ? "Change" : "Set"} <span className="vh">the password</span>
      </Button>
      <FormDialog
        open={isAsked}
        title={hasPassword ? "Change your password" : "Set a password"}
        submitLabel="Save password"
        onClose={() => setAsked(false)}
        check={(values) => checkPasswords(values, hasPassword)}
        send={change}
      >
        {(errors) => (
          <>
            <p>All other sessions end, and all keys of the API.</p>
            {hasPassword && (
              <Password
                label="Current password"
                name="current_password"
                autoComplete="current-password"
                error={errors.current_password}
              />
            )}
            <Password
              label="New password"
              name="new_password"
              autoComplete="new-password"
              hint="12 characters or more. A sentence works well."
              error={errors.new_password}
            />
          </>
        )}
      </FormDialog>
    </SettingsLine>
  )
}

type PasswordProps = {
  label: string
  name: string
  autoComplete: string
  hint?: string
  error?: string
}

function Password({ label, hint, error, ...input }: PasswordProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => <Input {...control} {...input} type="password" />}
    </Field>
  )
}

function checkPasswords(values: Values, hasPassword: boolean): Errors {
  const errors: Errors = {}
  if (hasPassword && !values.current_password) {
    errors.current_password = "Enter the password you have."
  }
  const length = Array.from(values.new_password ?? "").length
  if (length < SHORTEST) {
    errors.new_password = `Use ${SHORTEST} characters or more; this has ${length}.`
  }
  return errors
}
