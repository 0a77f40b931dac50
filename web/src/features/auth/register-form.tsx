import type { CheckYourMail, Me, RegisterInput } from "@/api/types.gen"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { ApiError } from "@/lib/api-error"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { checkValues, mustBeEmail, mustBeFilled } from "./check-values"
import { FormFailure } from "./form-failure"
import { mustBeNewPassword } from "./new-password"
import { useAuthForm, type Values } from "./use-auth-form"

/** The link by which somebody was invited, and the masked address that it was sent to. */
export type Ticket = { token: string; email: string }

type RegisterFormProps = {
  ticket?: Ticket
  /** Called when the person is signed in. */
  onDone: () => void
  /** Called when a mail with a link is on its way instead. */
  onMailed: (email: string) => void
}

/** Create an account; with an invitation its address is proven, and its workspace joined. */
export function RegisterForm({ ticket, onDone, onMailed }: RegisterFormProps) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) =>
      checkValues(values, {
        name: mustBeFilled("Enter your name."),
        email: mustBeEmail,
        password: mustBeNewPassword,
      }),
    send: async (values) => {
      const input = toRegister(values, ticket)
      const answer = await sendRegister(input)
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
      <Field label="Email" error={errors.email} hint={ticket && "The one that was invited"}>
        {(control) => (
          <Input
            {...control}
            name="email"
            type="email"
            autoComplete="email"
            spellCheck={false}
            defaultValue={ticket?.email}
          />
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

// An invitation is for one address: whoever typed another one is told beside it.
async function sendRegister(input: RegisterInput): Promise<Me | CheckYourMail> {
  try {
    return await requestJson<Me | CheckYourMail>("POST", "/api/v1/accounts", input)
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "other_address") throw error
    const { status, code } = error
    const message = "The invitation was sent to another address. Enter that one."
    const errors = [{ field: "email", code, message }]
    throw new ApiError({ type: "", title: "", status, code, detail: message, errors })
  }
}

function toRegister(values: Values, ticket: Ticket | undefined): RegisterInput {
  const { name = "", surname = "", email = "", password = "" } = values
  return {
    name: name.trim(),
    ...(surname.trim() && { surname: surname.trim() }),
    email: email.trim(),
    password,
    ...(ticket && { invitation: ticket.token }),
  }
}
