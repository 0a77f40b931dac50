import { lazy, type ReactNode, Suspense } from "react"
import type { Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import styles from "./auth.module.css"
import { type AuthTab, AuthTabs, PANEL_ID, TAB_ID } from "./auth-tabs"
import { LogInForm } from "./log-in-form"
import type { Ticket } from "./register-form"

type WaysInProps = {
  tab: AuthTab
  onTab: (tab: AuthTab) => void
  /** What this installation offers, or nothing while it is not known. */
  instance: Instance | null
  /** The invitation with which somebody comes. */
  ticket?: Ticket
  /** Who invited, shown above the form. */
  card?: ReactNode
  /** Where to go afterwards, for those who sign in elsewhere. */
  next: string
  onDone: () => void
  onMailed: (email: string) => void
}

// Most people who come here have an account; its form alone is in the first load.
const Registration = lazy(() =>
  import("./registration").then((module) => ({ default: module.Registration })),
)
const GitHubWay = lazy(() =>
  import("./github-way").then((module) => ({ default: module.GitHubWay })),
)

const TITLES = { login: "Sign in", register: "Create account" }

/** The two tabs: a form for those who have an account, and one for those who do not. */
export function WaysIn({ tab, onTab, instance, ticket, card, next, ...rest }: WaysInProps) {
  const { onDone, onMailed } = rest
  return (
    <>
      <PageTitle>{TITLES[tab]}</PageTitle>
      <AuthTabs tab={tab} onTab={onTab} />
      <section id={PANEL_ID} role="tabpanel" aria-labelledby={TAB_ID[tab]} className={styles.panel}>
        <h1>{tab === "login" ? "Welcome back" : "Start watching"}</h1>
        {card}
        <Suspense>
          {tab === "login" && instance?.github && <GitHubWay next={next} />}
          {tab === "register" && (
            <Registration
              instance={instance}
              ticket={ticket}
              next={next}
              onDone={onDone}
              onMailed={onMailed}
            />
          )}
        </Suspense>
        {tab === "login" && <LogInForm onDone={onDone} />}
      </section>
    </>
  )
}
