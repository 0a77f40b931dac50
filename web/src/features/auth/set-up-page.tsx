import type { Instance } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import { buttonClass } from "@/components/ui/button"
import styles from "./auth.module.css"
import { AuthLayout } from "./auth-layout"
import { Note } from "./note"
import { SetUpForm } from "./set-up-form"

type SetUpPageProps = {
  /** The token of the link that the console printed. */
  token: string | null
  instance: Instance | null
  onDone: () => void
}

/** The first run: one form makes the first account and its workspace. */
export function SetUpPage({ token, instance, onDone }: SetUpPageProps) {
  return (
    <AuthLayout>
      <PageTitle>Set up</PageTitle>
      <section className={styles.panel}>
        <h1>Set up Allgreen</h1>
        <SetUp token={token} instance={instance} onDone={onDone} />
      </section>
    </AuthLayout>
  )
}

function SetUp({ token, instance, onDone }: SetUpPageProps) {
  if (instance && !instance.needs_setup) {
    return (
      <>
        <Note>Allgreen is set up already. The link on the console works once.</Note>
        <a className={buttonClass({ variant: "primary", size: "lg", wide: true })} href="/login">
          Sign in
        </a>
      </>
    )
  }
  if (!token) {
    return (
      <Note>
        This address is only part of the set-up link. Open the whole link from the console; it ends
        in <span className="mono">#token=…</span>
      </Note>
    )
  }
  return <SetUpForm token={token} onDone={onDone} />
}
