import { lazy, type ReactNode, Suspense } from "react"
import type { Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import styles from "./auth.module.css"
import { type AuthTab, AuthTabs, PANEL_ID, TAB_ID } from "./auth-tabs"
import { GitHubWay } from "./github-way"
import { LogInForm } from "./log-in-form"
import { Note } from "./note"
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
  next: string
  onDone: () => void
  onMailed: (email: string) => void
}

// Most people who come here have an account; its form alone is in the first load.
const RegisterForm = lazy(() =>
  import("./register-form").then((module) => ({ default: module.RegisterForm })),
)

const TITLES = { login: "Sign in", register: "Create account" }

/** The two tabs: a form for those who have an account, and one for those who do not. */
export function WaysIn(props: WaysInProps) {
  const { tab, onTab, instance, ticket, card, next, onDone, onMailed } = props
  const isOpen = tab === "login" || isOpenTo(instance, ticket)
  return (
    <>
      <PageTitle>{TITLES[tab]}</PageTitle>
      <AuthTabs tab={tab} onTab={onTab} />
      <section id={PANEL_ID} role="tabpanel" aria-labelledby={TAB_ID[tab]} className={styles.panel}>
        <h1>{tab === "login" ? "Welcome back" : "Start watching"}</h1>
        {card}
        {isOpen && instance?.github && <GitHubWay next={next} />}
        {tab === "login" && <LogInForm onDone={onDone} />}
        {tab === "register" && !isOpen && <Closed isForInvited={Boolean(ticket)} />}
        {tab === "register" && isOpen && (
          <Suspense>
            <RegisterForm ticket={ticket} onDone={onDone} onMailed={onMailed} />
          </Suspense>
        )}
      </section>
    </>
  )
}

function isOpenTo(instance: Instance | null, ticket: Ticket | undefined): boolean {
  if (!instance || instance.registration === "open") return true
  return instance.registration === "invited" && ticket !== undefined
}

function Closed({ isForInvited }: { isForInvited: boolean }) {
  return (
    <Note>
      {isForInvited
        ? "This Allgreen takes no new people. Sign in with the account you have here."
        : "This Allgreen takes new people by invitation only. Ask someone who uses it to invite you."}
    </Note>
  )
}
