import { Mail } from "lucide-react"
import { useState } from "react"
import { type Account, askForEmail } from "@/api"
import { SettingsLine } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { withProof } from "@/lib/proof"
import type { Errors, Values } from "@/lib/short-form"
import { FormDialog } from "./form-dialog"
import { useDropEmail, useRefreshAccount } from "./mutations"

type EmailLineProps = {
  account: Account
  /** Whether this installation sends mail at all. */
  hasMail: boolean
}

/** The address by which one signs in, and the one that is to take its place. */
export function EmailLine({ account, hasMail }: EmailLineProps) {
  const [isAsked, setAsked] = useState(false)
  const refresh = useRefreshAccount()
  const dropping = useDropEmail()
  const ask = async ({ email = "" }: Values) => {
    await withProof(() => askForEmail({ body: { email: email.trim() } }))
    await refresh()
  }
  return (
    <SettingsLine
      icon={<Mail className="ic l" aria-hidden="true" />}
      title={account.email}
      text={describe(account)}
    >
      {account.pending_email && (
        <Button
          size="sm"
          variant="ghost"
          busy={dropping.isPending}
          onClick={() => dropping.mutate()}
        >
          Keep this one
        </Button>
      )}
      <Button size="sm" onClick={() => setAsked(true)}>
        Change <span className="vh">the email</span>
      </Button>
      <FormDialog
        open={isAsked}
        title="Change your email"
        submitLabel={hasMail ? "Send the link" : "Change"}
        onClose={() => setAsked(false)}
        check={checkEmail}
        send={ask}
      >
        {(errors) => (
          <>
            <p>
              We send a link to the new address. Until you open it, {account.email} stays. Down-time
              messages move with it.
            </p>
            <Field label="New email" error={errors.email}>
              {(control) => (
                <Input
                  {...control}
                  name="email"
                  type="email"
                  autoComplete="email"
                  spellCheck={false}
                />
              )}
            </Field>
          </>
        )}
      </FormDialog>
    </SettingsLine>
  )
}

function describe({ email_verified, pending_email }: Account): string {
  if (pending_email) return `To become ${pending_email}, once the link we sent there is opened.`
  return email_verified ? "Confirmed. Down-time messages go here." : "Not confirmed yet."
}

function checkEmail({ email = "" }: Values): Errors {
  if (email.trim() === "") return { email: "Enter the new email." }
  const isEmail = /^[^\s@]+@[^\s@]+$/.test(email.trim())
  return isEmail ? {} : { email: "An email has an @, as in you@example.org." }
}
