import { lazy, Suspense, useState } from "react"
import type { Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import styles from "./auth.module.css"
import { AuthLayout } from "./auth-layout"
import { type AuthTab, AuthTabs, PANEL_ID, TAB_ID } from "./auth-tabs"
import { LogInForm } from "./log-in-form"
import { Note } from "./note"

type SignInPageProps = {
  tab: AuthTab
  onTab: (tab: AuthTab) => void
  /** What this installation offers, or nothing while it is not known. */
  instance: Instance | null
  onDone: () => void
}

// Most people who come here have an account; its form alone is in the first load.
const RegisterForm = lazy(() =>
  import("./register-form").then((module) => ({ default: module.RegisterForm })),
)

const TITLES = { login: "Sign in", register: "Create account" }

/** Sign in or create an account: one decision. */
export function SignInPage({ tab, onTab, instance, onDone }: SignInPageProps) {
  const [mailedTo, setMailedTo] = useState<string | null>(null)
  if (instance?.needs_setup) return <NotSetUp />
  if (mailedTo) return <CheckMail email={mailedTo} />
  return (
    <AuthLayout>
      <PageTitle>{TITLES[tab]}</PageTitle>
      <AuthTabs tab={tab} onTab={onTab} />
      <section id={PANEL_ID} role="tabpanel" aria-labelledby={TAB_ID[tab]} className={styles.panel}>
        <h1>{tab === "login" ? "Welcome back" : "Start watching"}</h1>
        {tab === "login" && <LogInForm onDone={onDone} />}
        {tab === "register" && (
          <Registration instance={instance} onDone={onDone} onMailed={setMailedTo} />
        )}
      </section>
    </AuthLayout>
  )
}

type RegistrationProps = {
  instance: Instance | null
  onDone: () => void
  onMailed: (email: string) => void
}

function Registration({ instance, onDone, onMailed }: RegistrationProps) {
  if (instance && instance.registration !== "open") {
    return (
      <Note>
        This Allgreen takes new people by invitation only. Ask someone who uses it to invite you.
      </Note>
    )
  }
  return (
    <Suspense>
      <RegisterForm onDone={onDone} onMailed={onMailed} />
    </Suspense>
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

function CheckMail({ email }: { email: string }) {
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
