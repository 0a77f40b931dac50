import { lazy, Suspense, useState } from "react"
import { flushSync } from "react-dom"
import type { LogInInput, Me } from "@/api/types.gen"
import { Button } from "@/components/ui/button"
import { Check } from "@/components/ui/check"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { ApiError } from "@/lib/api-error"
import { requestJson } from "@/lib/json-request"
import styles from "./auth.module.css"
import { checkValues, mustBeEmail, mustBeFilled } from "./check-values"
import { FormFailure } from "./form-failure"
import { PasswordInput } from "./password-input"
import { useAuthForm, type Values } from "./use-auth-form"

const CodeStep = lazy(() => import("./code-step").then((module) => ({ default: module.CodeStep })))

/** Sign in with email and password, and with a code where a second factor is on. */
export function LogInForm({ onDone }: { onDone: () => void }) {
  const [needsCode, setNeedsCode] = useState(false)
  const { errors, failure, busy, handleSubmit } = useAuthForm({
    check: (values) =>
      checkValues(values, {
        email: mustBeEmail,
        password: mustBeFilled("Enter your password."),
        ...(needsCode && { code: mustBeFilled("Enter the code.") }),
      }),
    send: async (values) => {
      try {
        await requestJson<Me>("POST", "/api/v1/session", toLogIn(values))
        onDone()
      } catch (error) {
        // Before the errors are shown: a field that is hidden takes no focus.
        flushSync(() => setNeedsCode(asksForCode(error) || (needsCode && !isAboutPair(error))))
        if (!asksForCode(error)) throw error
      }
    },
  })
  return (
    <form className={styles.fields} onSubmit={handleSubmit} noValidate>
      <div className={styles.fields} hidden={needsCode}>
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
        <Field
          label="Password"
          error={errors.password}
          aside={
            <a className="sm t2" href="/forgot">
              Forgot it?
            </a>
          }
        >
          {(control) => (
            <PasswordInput {...control} name="password" autoComplete="current-password" />
          )}
        </Field>
        <Check className="sm" name="keep" defaultChecked>
          Keep me signed in on this device
        </Check>
      </div>
      {needsCode && (
        <Suspense>
          <CodeStep error={errors.code} />
        </Suspense>
      )}
      <FormFailure>{failure}</FormFailure>
      <Button type="submit" variant="primary" size="lg" wide busy={busy}>
        Sign in
      </Button>
      {needsCode && (
        <Button variant="ghost" size="lg" wide onClick={() => setNeedsCode(false)}>
          Back
        </Button>
      )}
    </form>
  )
}

function isAboutPair(error: unknown): boolean {
  return error instanceof ApiError && error.errors.some(({ field }) => field !== "code")
}

function asksForCode(error: unknown): boolean {
  return error instanceof ApiError && error.errors.some(({ code }) => code === "second_factor")
}

function toLogIn(values: Values): LogInInput {
  return {
    email: (values.email ?? "").trim(),
    password: values.password ?? "",
    keep: values.keep === "on",
    ...(values.code && { code: values.code.trim() }),
  }
}
