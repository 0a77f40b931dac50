import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react"
import type { Instance } from "@/api/types.gen"
import type { AuthTab } from "@/features/auth/auth-tabs"
import { SignInPage } from "@/features/auth/sign-in-page"
import { requestJson } from "@/lib/json-request"
import { nextPath } from "@/lib/session"

const SetUpPage = lazy(() =>
  import("@/features/auth/set-up-page").then((module) => ({ default: module.SetUpPage })),
)

const ForgotPage = lazy(() =>
  import("@/features/auth/forgot-page").then((module) => ({ default: module.ForgotPage })),
)
const ResetPage = lazy(() =>
  import("@/features/auth/reset-page").then((module) => ({ default: module.ResetPage })),
)
const InvitePage = lazy(() =>
  import("@/features/auth/invite-page").then((module) => ({ default: module.InvitePage })),
)

/** The pages of people who are not signed in yet, and those that links of mails lead to. */
export function AuthPage() {
  const path = useSyncExternalStore(subscribe, () => window.location.pathname)
  return (
    <Suspense>
      <PageAt path={path} instance={useInstance()} />
    </Suspense>
  )
}

function PageAt({ path, instance }: { path: string; instance: Instance | null }) {
  const [, page, token] = path.split("/")
  if (page === "setup") {
    return <SetUpPage token={readToken()} instance={instance} onDone={enter} />
  }
  if (page === "forgot") return <ForgotPage instance={instance} />
  if (page === "reset" && token) return <ResetPage token={decodeURIComponent(token)} />
  if (page === "invite" && token) {
    return <InvitePage token={decodeURIComponent(token)} instance={instance} onLeave={leave} />
  }
  return (
    <SignInPage
      tab={page === "register" ? "register" : "login"}
      onTab={goToTab}
      instance={instance}
      next={nextPath(window.location.search)}
      onDone={enter}
    />
  )
}

// A page load, not a route change: everything after it belongs to the new session. It replaces
// the entry in the history, which may hold the set-up token.
function enter(): void {
  window.location.replace(nextPath(window.location.search))
}

function leave(path: string): void {
  window.location.replace(path)
}

function goToTab(tab: AuthTab): void {
  window.history.pushState(null, "", `/${tab}${window.location.search}`)
  window.dispatchEvent(new PopStateEvent("popstate"))
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("popstate", listener)
  return () => window.removeEventListener("popstate", listener)
}

// In the fragment it never reaches a server's or proxy's log.
function readToken(): string | null {
  return new URLSearchParams(window.location.hash.slice(1)).get("token")
}

// The pages work without the answer; it only removes what this installation does not offer.
function useInstance(): Instance | null {
  const [instance, setInstance] = useState<Instance | null>(null)
  useEffect(() => {
    requestJson<Instance>("GET", "/api/v1/instance").then(setInstance, () => setInstance(null))
  }, [])
  return instance
}
