import { PageTitle } from "@/components/page-title"
import { AuthLayout } from "./auth-layout"
import { Note } from "./note"

/** A mail with a link is on its way, or would be: the sentence is the same. */
export function CheckMail({ email }: { email: string }) {
  return (
    <AuthLayout>
      <PageTitle>Check your mail</PageTitle>
      <h1>Check your mail</h1>
      <Note>
        We sent a link to <b className="med">{email}</b>. Open it to finish. If the address has an
        account already, the mail says so.
      </Note>
    </AuthLayout>
  )
}

/** Nobody has an account yet: only who sees the console can make the first one. */
export function NotSetUp() {
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
