import { useQueryClient } from "@tanstack/react-query"
import { useRouter } from "@tanstack/react-router"
import { useEffect, useEffectEvent, useId, useState } from "react"
import { flushSync } from "react-dom"
import { getMe, logIn, type Me } from "@/api"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { listFieldErrors } from "@/lib/api-error"
import { loginHref } from "@/lib/session"
import { type Errors, useShortForm } from "@/lib/short-form"
import styles from "./account.module.css"
import { meQuery } from "./queries"

/** "You were signed out": back in without leaving the page. */
export function SignedOutDialog({ onClose }: { onClose: () => void }) {
  const formId = useId()
  const { email, comeBack } = useWayBack(onClose)
  const form = useSignIn(email, comeBack)
  return (
    <Dialog
      open
      title="You were signed out"
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" form={formId} variant="primary" busy={form.busy}>
            Sign in
          </Button>
        </>
      }
    >
      <form id={formId} className={styles.form} onSubmit={form.handleSubmit} noValidate>
        <p>
          This session has ended, here or from another device. What you typed on this page is kept.
        </p>
        {/* For password managers, which else do not know whose password this is. */}
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <Fields email={email} errors={form.errors} needsCode={form.needsCode} />
        <FormFailure>{form.failure}</FormFailure>
        <p className="sm">
          Without a password,{" "}
          <a href={loginHref(window.location)} target="_blank" rel="noreferrer">
            sign in in another tab
            <span className="vh"> (opens in a new tab)</span>
          </a>{" "}
          and come back to this one.
        </p>
      </form>
    </Dialog>
  )
}

type FieldsProps = { email: string; errors: Errors; needsCode: boolean }

function Fields({ email, errors, needsCode }: FieldsProps) {
  return (
    <>
      <Field label={`Password of ${email}`} error={errors.password}>
        {(control) => (
          <Input {...control} name="password" type="password" autoComplete="current-password" />
        )}
      </Field>
      {needsCode && (
        <Field
          label="Code"
          error={errors.code}
          hint="The six digits of your authenticator app, or a recovery code."
        >
          {(control) => (
            <Input {...control} name="code" mono autoComplete="one-time-code" spellCheck={false} />
          )}
        </Field>
      )}
    </>
  )
}

function useSignIn(email: string, onDone: (me: Me) => Promise<void>) {
  const [needsCode, setNeedsCode] = useState(false)
  const form = useShortForm({
    check: (values) => ({
      ...(!values.password && { password: "Enter your password." }),
      ...(needsCode && !values.code?.trim() && { code: "Enter the code." }),
    }),
    send: async ({ password = "", code }) => {
      try {
        await onDone(
          await logIn({
            body: { email, password, keep: false, ...(code && { code: code.trim() }) },
          }),
        )
      } catch (error) {
        // Before the errors are shown: a field that is not there takes no focus.
        if (asksForCode(error)) flushSync(() => setNeedsCode(true))
        throw error
      }
    },
  })
  return { ...form, needsCode }
}

/** Go on where the page was left, as the same person only: to another one nothing of it belongs. */
function useWayBack(onBack: () => void) {
  const queryClient = useQueryClient()
  const router = useRouter()
  const { queryKey } = meQuery()
  const [before] = useState(() => queryClient.getQueryData(queryKey))
  const comeBack = async (me: Me) => {
    if (me.id !== before?.id) return window.location.assign("/")
    queryClient.setQueryData(queryKey, me)
    onBack()
    void queryClient.invalidateQueries()
    // A page that was refused meanwhile is asked for once more.
    await router.invalidate()
  }
  const lookAgain = useEffectEvent(async () => {
    const me = await getMe().catch(() => null)
    if (me) await comeBack(me)
  })
  useEffect(() => {
    const look = () => void lookAgain()
    window.addEventListener("focus", look)
    return () => window.removeEventListener("focus", look)
  }, [])
  return { email: before?.email ?? "", comeBack }
}

function asksForCode(error: unknown): boolean {
  return listFieldErrors(error).some(({ code }) => code === "second_factor")
}
