import { lazy, Suspense, useState } from "react"
import type { Instance } from "@/api/types.gen"
import { AuthLayout } from "./auth-layout"
import type { AuthTab } from "./auth-tabs"
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

const NotSetUp = lazy(() => import("./notices").then((module) => ({ default: module.NotSetUp })))
const CheckMail = lazy(() => import("./notices").then((module) => ({ default: module.CheckMail })))

/** Sign in or create an account: one decision. */
export function SignInPage({ instance, ...ways }: SignInPageProps) {
  const [mailedTo, setMailedTo] = useState<string | null>(null)
  const isFirst = instance?.needs_setup
  return (
    <Suspense>
      {isFirst && <NotSetUp />}
      {!isFirst && mailedTo && <CheckMail email={mailedTo} />}
      {!isFirst && !mailedTo && (
        <AuthLayout>
          <WaysIn {...ways} instance={instance} onMailed={setMailedTo} />
        </AuthLayout>
      )}
    </Suspense>
  )
}
