import type { Me, SetUpInput } from "@/api/types.gen"
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

type SetUpFormProps = { token: string; onDone: () => void }

/** Make the first account and its workspace; whoever holds the token from the console may. */
export function SetUpForm({ token, onDone }: SetUpFormProps) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) =>
      checkValues(values, {
        name: mustBeFilled("Enter your name."),
        email: mustBeEmail,
        password: mustBeNewPassword,
        workspace_name: mustBeFilled("Name the workspace, for example after your team."),
      }),
    send: async (values) => {
      await sendSetUp({ token, ...toPerson(values) })
      onDone()
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
      <Field
        label="Workspace"
        error={errors.workspace_name}
        hint="Your services live in it. Name it after your team or product."
      >
        {(control) => <Input {...control} name="workspace_name" autoComplete="organization" />}
      </Field>
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Set up Allgreen
      </Button>
    </form>
  )
}

// No field shows the token, so its refusal has to be said for the whole form.
async function sendSetUp(input: SetUpInput): Promise<void> {
  try {
    await requestJson<Me>("POST", "/api/v1/setup", input)
  } catch (error) {
    throw error instanceof ApiError ? explainSetUp(error) : error
  }
}

function explainSetUp(error: ApiError): ApiError {
  const token = error.errors.find(({ field }) => field === "token")
  const detail =
    error.status === 404 ? "Allgreen is set up already. Sign in instead." : token?.message
  if (!detail) return error
  return new ApiError({ type: "", title: "", status: error.status, code: error.code, detail })
}

function toPerson(values: Values) {
  const { name = "", surname = "", email = "", password = "", workspace_name = "" } = values
  return {
    name: name.trim(),
    ...(surname.trim() && { surname: surname.trim() }),
    email: email.trim(),
    password,
    workspace_name: workspace_name.trim(),
  }
}
