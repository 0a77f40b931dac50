import type { LogInInput, Me } from "@/api/types.gen"
import { Button } from "@/components/ui/button"
import { Check } from "@/components/ui/check"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { checkValues, mustBeEmail, mustBeFilled } from "./check-values"
import { FormFailure } from "./form-failure"
import { PasswordInput } from "./password-input"
import { useAuthForm, type Values } from "./use-auth-form"

/** Sign in with email and password. */
export function LogInForm({ onDone }: { onDone: () => void }) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) =>
      checkValues(values, {
        email: mustBeEmail,
        password: mustBeFilled("Enter your password."),
      }),
    send: async (values) => {
      await requestJson<Me>("POST", "/api/v1/session", toLogIn(values))
      onDone()
    },
  })
  return (
    <form className={styles.fields} onSubmit={handleSubmit} noValidate>
      <Field label="Email" error={errors.email}>
        {(control) => (
          <Input
            {...control}
            name="email"
            type="email"
            autoComplete="username"
            spellCheck={false}
          />
        )}
      </Field>
      <Field label="Password" error={errors.password}>
        {(control) => (
          <PasswordInput {...control} name="password" autoComplete="current-password" />
        )}
      </Field>
      <Check className="sm" name="keep" defaultChecked>
        Keep me signed in on this device
      </Check>
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Sign in
      </Button>
    </form>
  )
}

function toLogIn(values: Values): LogInInput {
  return {
    email: (values.email ?? "").trim(),
    password: values.password ?? "",
    keep: values.keep === "on",
  }
}
