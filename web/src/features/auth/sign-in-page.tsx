import { useState } from "react"
import type { Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import { AuthLayout } from "./auth-layout"
import type { AuthTab } from "./auth-tabs"
import { CheckMail } from "./check-mail"
import { Note } from "./note"
import { WaysIn } from "./ways-in"

type SignInPageProps = {
  tab: AuthTab
  onTab: (tab: AuthTab) => void
  /** What this installation offers, or nothing while it is not known. */
  instance: Instance | null
  /** Where to go afterwards, for those who sign in elsewhere. */
  next: string
  onDone: () => void
}

/** Sign in or create an account: one decision. */
export function SignInPage({ instance, ...ways }: SignInPageProps) {
  const [mailedTo, setMailedTo] = useState<string | null>(null)
  if (instance?.needs_setup) return <NotSetUp />
  if (mailedTo) return <CheckMail email={mailedTo} />
  return (
    <AuthLayout>
      <WaysIn {...ways} instance={instance} onMailed={setMailedTo} />
    </AuthLayout>
  )
}

function NotSetUp() {
  return (
    <AuthLayout>
      <PageTitle>Set up</PageTitle>
      <h1>Nobody lives here yet</h1>
      <Note>
        Allgreen printed a set-up link on its console when it started. Open that link to make the
        first account.
      </Note>
    </AuthLayout>
  )
}
