import { useState } from "react"
import type { ResetPasswordInput } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import { Button, buttonClass } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { isNotFound } from "@/lib/api-error"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { AuthLayout } from "./auth-layout"
import { checkValues } from "./check-values"
import { FormFailure } from "./form-failure"
import { mustBeNewPassword } from "./new-password"
import { Note } from "./note"
import { PasswordInput } from "./password-input"
import { useAuthForm } from "./use-auth-form"

type Stage = "asking" | "done" | "dead"

const HEADINGS: Record<Stage, string> = {
  asking: "Choose a new password",
  done: "Your password is changed",
  dead: "This link does not work any more",
}

/** Set a new password by the link of a mail. */
export function ResetPage({ token }: { token: string }) {
  const [stage, setStage] = useState<Stage>("asking")
  return (
    <AuthLayout>
      <PageTitle>New password</PageTitle>
      <section className={styles.panel}>
        <h1>{HEADINGS[stage]}</h1>
        {stage === "asking" && <NewPassword token={token} onStage={setStage} />}
        {stage === "done" && <Done />}
        {stage === "dead" && <Dead />}
      </section>
    </AuthLayout>
  )
}

function Done() {
  return (
    <>
      <Note>You were signed out everywhere. Sign in with the new password.</Note>
      <a className={buttonClass({ variant: "primary", size: "lg", wide: true })} href="/login">
        Sign in
      </a>
    </>
  )
}

function Dead() {
  return (
    <>
      <Note>It was used already, or is too old. Ask for a new one.</Note>
      <a className={buttonClass({ variant: "primary", size: "lg", wide: true })} href="/forgot">
        Send a new link
      </a>
    </>
  )
}

function NewPassword({ token, onStage }: { token: string; onStage: (stage: Stage) => void }) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) => checkValues(values, { password: mustBeNewPassword }),
    send: async ({ password = "" }) => {
      try {
        const input: ResetPasswordInput = { token, password }
        await requestJson<undefined>("POST", "/api/v1/password/reset", input)
        onStage("done")
      } catch (error) {
        if (!isNotFound(error)) throw error
        onStage("dead")
      }
    },
  })
  return (
    <form className={styles.fields} onSubmit={handleSubmit} noValidate>
      <Field
        label="New password"
        error={errors.password}
        hint="12 characters or more. A sentence works well."
      >
        {(control) => <PasswordInput {...control} name="password" autoComplete="new-password" />}
      </Field>
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Save password
      </Button>
    </form>
  )
}
