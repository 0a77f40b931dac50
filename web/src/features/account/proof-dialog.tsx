import { useQuery } from "@tanstack/react-query"
import { useId } from "react"
import { type Account, proveSession } from "@/api"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { ErrorState } from "@/components/ui/error-state"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { Skeleton } from "@/components/ui/skeleton"
import { useShortForm } from "@/lib/short-form"
import styles from "./account.module.css"
import { accountQuery } from "./queries"
import { useLogOut } from "./use-log-out"

type ProofDialogProps = { open: boolean; onShown: () => void; onClose: () => void }

/** "Is it you?": the password once more, and a code where a second factor is on. */
export function ProofDialog({ open, onShown, onClose }: ProofDialogProps) {
  const formId = useId()
  const account = useQuery({ ...accountQuery(), enabled: open })
  const { logOut, busy } = useLogOut()
  const form = useProof(account.data, onShown)
  const hasPassword = account.data?.has_password ?? true
  return (
    <Dialog
      open={open}
      title="Is it you?"
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          {hasPassword ? (
            <Button type="submit" form={formId} variant="primary" busy={form.busy}>
              Go on
            </Button>
          ) : (
            <Button variant="primary" busy={busy} onClick={logOut}>
              Log out
            </Button>
          )}
        </>
      }
    >
      <form id={formId} className={styles.form} onSubmit={form.handleSubmit} noValidate>
        {account.isPending && <Skeleton height={110} />}
        {account.error && (
          <ErrorState error={account.error} onRetry={() => void account.refetch()} />
        )}
        {account.data && !hasPassword && <p>{NO_PASSWORD}</p>}
        {account.data && hasPassword && <Fields account={account.data} errors={form.errors} />}
        <FormFailure>{form.failure}</FormFailure>
      </form>
    </Dialog>
  )
}

const NO_PASSWORD =
  "You signed in long ago, and this account has no password. Log out, sign in again as you did before, and do this within half an hour."

function Fields({ account, errors }: { account: Account; errors: Record<string, string> }) {
  return (
    <>
      <p>What you are about to do could lock you out, so we ask once more.</p>
      {/* For password managers, which else do not know whose password this is. */}
      <input type="email" autoComplete="username" value={account.email} readOnly hidden />
      <Field label="Password" error={errors.password}>
        {(control) => (
          <Input {...control} name="password" type="password" autoComplete="current-password" />
        )}
      </Field>
      {account.two_factor_since && (
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

function useProof(account: Account | undefined, onShown: () => void) {
  return useShortForm({
    check: (values) => ({
      ...(!values.password && { password: "Enter your password." }),
      ...(account?.two_factor_since && !values.code?.trim() && { code: "Enter the code." }),
    }),
    send: async ({ password = "", code }) => {
      await proveSession({ body: { password, ...(code && { code: code.trim() }) } })
      onShown()
    },
  })
}
