import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import type { OpenSession } from "@/api"
import { Button } from "@/components/ui/button"
import { Chip } from "@/components/ui/chip"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { formatMoment } from "@/lib/format"
import { useNow } from "@/lib/use-now"
import styles from "./account.module.css"
import { FormDialog } from "./form-dialog"
import { useEndOtherSessions, useEndSession } from "./mutations"
import { sessionsQuery } from "./queries"
import { HERE } from "./zone"

const STEP_MS = 60_000

/** Where one is signed in. */
export function SessionList() {
  const sessions = useQuery(sessionsQuery())
  const [isAsked, setAsked] = useState(false)
  const endOthers = useEndOtherSessions()
  const others = sessions.data?.filter(({ current }) => !current) ?? []
  return (
    <section className={styles.part} aria-labelledby="sessions">
      <header>
        <h3 id="sessions">Signed in</h3>
        {others.length > 0 && (
          <Button size="sm" onClick={() => setAsked(true)}>
            Sign out all others
          </Button>
        )}
      </header>
      {sessions.isPending && <Skeleton height={64} />}
      {sessions.error && (
        <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />
      )}
      <ul className={styles.list}>
        {sessions.data?.map((session) => (
          <SessionLine key={session.id} session={session} />
        ))}
      </ul>
      <FormDialog
        open={isAsked}
        title="Sign out everywhere else?"
        submitLabel="Sign out all others"
        isEnd
        onClose={() => setAsked(false)}
        send={endOthers}
      >
        <p>Only this browser stays signed in.</p>
      </FormDialog>
    </section>
  )
}

function SessionLine({ session }: { session: OpenSession }) {
  const now = useNow(STEP_MS)
  const ending = useEndSession()
  const { device, network, last_seen_at, current } = session
  return (
    <li>
      <div>
        <span className={styles.device}>
          <span className="med">{device}</span>
          {current && <Chip tone="line">This one</Chip>}
        </span>
        <span className="sm t3">
          {network} · used {formatMoment(last_seen_at, now, HERE)}
        </span>
      </div>
      {!current && (
        <Button size="sm" busy={ending.isPending} onClick={() => ending.mutate(session)}>
          Sign out <span className="vh">{device}</span>
        </Button>
      )}
    </li>
  )
}
