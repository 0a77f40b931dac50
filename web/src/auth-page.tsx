import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react"
import type { Instance } from "@/api/types.gen"
import type { AuthTab } from "@/features/auth/auth-tabs"
import { SignInPage } from "@/features/auth/sign-in-page"
import { requestJson } from "@/lib/json-request"
import { nextPath } from "@/lib/session"

// Most people come to sign in: what links lead to is not in the first load.
const LinkedPage = lazy(() =>
  import("./linked-page").then((module) => ({ default: module.LinkedPage })),
)

/** The pages of people who are not signed in yet, and those that links of mails lead to. */
export function AuthPage() {
  const path = useSyncExternalStore(subscribe, () => window.location.pathname)
  const instance = useInstance()
  const tab = readTab(path)
  if (!tab) {
    return (
      <Suspense>
        <LinkedPage path={path} instance={instance} onEnter={enter} />
      </Suspense>
    )
  }
  const next = nextPath(window.location.search)
  return <SignInPage tab={tab} onTab={goToTab} instance={instance} next={next} onDone={enter} />
}

function readTab(path: string): AuthTab | null {
  const page = path.split("/")[1]
  return page === "login" || page === "register" ? page : null
}

// A page load, not a route change: everything after it belongs to the new session. It replaces
// the entry in the history, which may hold a token.
function enter(path = nextPath(window.location.search)): void {
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

// The pages work without the answer; it only removes what this installation does not offer.
function useInstance(): Instance | null {
  const [instance, setInstance] = useState<Instance | null>(null)
  useEffect(() => {
    requestJson<Instance>("GET", "/api/v1/instance").then(setInstance, () => setInstance(null))
  }, [])
  return instance
}
