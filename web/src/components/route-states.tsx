import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { LogoMark } from "@/components/logo"
import { PageTitle } from "@/components/page-title"
import { Button, buttonClass } from "@/components/ui/button"
import { describeError, isNotFound } from "@/lib/api-error"
import styles from "./route-states.module.css"

/** No such page, or one that is not ours to see. */
export function NotFoundPage() {
  return (
    <div className={styles.page}>
      <PageTitle>Nothing at this address</PageTitle>
      <Pipes />
      <h1>Nothing at this address</h1>
      <p>The link is old, or it leads to something you are not a member of.</p>
      <Link to="/" className={buttonClass({ variant: "primary" })}>
        Go to your workspaces
      </Link>
    </div>
  )
}

/** A page that could not be loaded: what happened, and a way to try again. */
export function RouteErrorPage({ error }: ErrorComponentProps) {
  const router = useRouter()
  if (isNotFound(error)) return <NotFoundPage />
  return (
    <div className={styles.page} role="alert">
      <PageTitle>Not loaded</PageTitle>
      <Pipes />
      <h1>This page could not be loaded</h1>
      <p>{describeError(error)}</p>
      <Button variant="primary" onClick={() => router.invalidate()}>
        Try again
      </Button>
    </div>
  )
}

/** The same where there is no frame round it. */
export function NotFoundScreen() {
  return (
    <Screen>
      <NotFoundPage />
    </Screen>
  )
}

/** The same where there is no frame round it. */
export function RouteErrorScreen(props: ErrorComponentProps) {
  return (
    <Screen>
      <RouteErrorPage {...props} />
    </Screen>
  )
}

function Screen({ children }: { children: ReactNode }) {
  return (
    <>
      <header className={styles.head}>
        <Link className="logo" to="/" aria-label="Allgreen, home">
          <LogoMark state="nodata" />
        </Link>
      </header>
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </>
  )
}

const PIPES = ["a", "b", "c", "d", "e"]

/** Days of which nothing is known. */
function Pipes() {
  return (
    <div className={styles.pipes} aria-hidden="true">
      {PIPES.map((place) => (
        <i key={place} className="pipe n" />
      ))}
    </div>
  )
}
