import { useState } from "react"
import type { CheckYourMail, Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import { Button, buttonClass } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { AuthLayout } from "./auth-layout"
import { checkValues, mustBeEmail } from "./check-values"
import { FormFailure } from "./form-failure"
import { Note } from "./note"
import { useAuthForm } from "./use-auth-form"

/** A forgotten password: the answer is the same for every address. */
export function ForgotPage({ instance }: { instance: Instance | null }) {
  const [sentTo, setSentTo] = useState<string | null>(null)
  return (
    <AuthLayout>
      <PageTitle>New password</PageTitle>
      <section className={styles.panel}>
        <h1>{sentTo ? "Check your mail" : "Forgot the password?"}</h1>
        {sentTo ? <Sent email={sentTo} /> : <Ask instance={instance} onSent={setSentTo} />}
        <a className={buttonClass({ variant: "ghost", size: "lg", wide: true })} href="/login">
          Back to sign in
        </a>
      </section>
    </AuthLayout>
  )
}

function Sent({ email }: { email: string }) {
  return (
    <div role="status">
      <Note>
        If <b className="med">{email}</b> has an account, a link is on its way. It works once, for
        half an hour. Nothing after ten minutes: look in the junk folder.
      </Note>
    </div>
  )
}

type AskProps = { instance: Instance | null; onSent: (email: string) => void }

function Ask({ instance, onSent }: AskProps) {
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) => checkValues(values, { email: mustBeEmail }),
    send: async ({ email = "" }) => {
      await requestJson<CheckYourMail>("POST", "/api/v1/password/forgot", { email: email.trim() })
      onSent(email.trim())
    },
  })
  if (instance && !instance.mail) {
    return <Note>This Allgreen sends no mail. Ask who runs it to help you.</Note>
  }
  return (
    <form className={styles.fields} onSubmit={handleSubmit} noValidate>
      <Field label="Email" error={errors.email} hint="We mail a link that sets a new one.">
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
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Send the link
      </Button>
    </form>
  )
}
