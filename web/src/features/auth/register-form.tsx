import type { CheckYourMail, Me, RegisterInput } from "@/api/types.gen"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { checkValues, mustBeEmail, mustBeFilled, mustBeNewPassword } from "./check-values"
import { FormFailure } from "./form-failure"
import { useAuthForm, type Values } from "./use-auth-form"

type RegisterFormProps = {
  /** Called when the person is signed in. */
  onDone: () => void
  /** Called when a mail with a link is on its way instead. */
  onMailed: (email: string) => void
}

/** Create an account. */
export function RegisterForm({ onDone, onMailed }: RegisterFormProps) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) =>
      checkValues(values, {
        name: mustBeFilled("Enter your name."),
        email: mustBeEmail,
        password: mustBeNewPassword,
      }),
    send: async (values) => {
      const input = toRegister(values)
      const answer = await requestJson<Me | CheckYourMail>("POST", "/api/v1/accounts", input)
      if ("status" in answer) onMailed(input.email)
      else onDone()
    },
  })
  return (
    <form className={styles.fields} onSubmit={handleSubmit} noValidate>
      <div className={styles.names}>
        <Field label="Name" error={errors.name}>
          {(control) => <Input {...control} name="name" autoComplete="given-name" />}
        </Field>
        <Field label="Surname" error={errors.surname}>
          {(control) => <Input {...control} name="surname" autoComplete="family-name" />}
        </Field>
      </div>
      <Field label="Email" error={errors.email}>
        {(control) => (
          <Input {...control} name="email" type="email" autoComplete="email" spellCheck={false} />
        )}
      </Field>
      <Field
        label="Password"
        error={errors.password}
        hint="12 characters or more. A sentence works well."
      >
        {(control) => (
          <Input {...control} name="password" type="password" autoComplete="new-password" />
        )}
      </Field>
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Create account
      </Button>
    </form>
  )
}

function toRegister({ name = "", surname = "", email = "", password = "" }: Values): RegisterInput {
  return { name: `${name.trim()} ${surname.trim()}`.trim(), email: email.trim(), password }
}
