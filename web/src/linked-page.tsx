import type { Instance } from "@/api/types.gen"
import { ForgotPage } from "@/features/auth/forgot-page"
import { InvitePage } from "@/features/auth/invite-page"
import { ResetPage } from "@/features/auth/reset-page"
import { SetUpPage } from "@/features/auth/set-up-page"

type LinkedPageProps = {
  path: string
  instance: Instance | null
  /** Go on, signed in or with another session. */
  onEnter: (path?: string) => void
}

/** What the links of mails and of the console lead to. */
export function LinkedPage({ path, instance, onEnter }: LinkedPageProps) {
  const [, page, token = ""] = path.split("/")
  if (page === "invite") {
    return <InvitePage token={decodeURIComponent(token)} instance={instance} onLeave={onEnter} />
  }
  if (page === "reset") return <ResetPage token={decodeURIComponent(token)} />
  if (page === "forgot") return <ForgotPage instance={instance} />
  return <SetUpPage token={readToken()} instance={instance} onDone={() => onEnter()} />
}

// In the fragment it never reaches a server's or proxy's log.
function readToken(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get("token")
}
