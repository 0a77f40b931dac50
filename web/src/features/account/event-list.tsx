import { useInfiniteQuery } from "@tanstack/react-query"
import type { AccountEvent } from "@/api"
import { Button } from "@/components/ui/button"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { formatMoment } from "@/lib/format"
import { useNow } from "@/lib/use-now"
import styles from "./account.module.css"
import { eventsQuery } from "./queries"
import { HERE } from "./zone"

const STEP_MS = 60_000

/** What happened to the account lately: whatever is unknown here was somebody else. */
export function EventList() {
  const list = useInfiniteQuery(eventsQuery())
  const now = useNow(STEP_MS)
  const events = list.data?.pages.flatMap((page) => page.items)
  return (
    <section className={styles.part} aria-labelledby="events">
      <header>
        <h3 id="events">Lately</h3>
      </header>
      {list.isPending && <Skeleton height={120} />}
      {list.error && <ErrorState error={list.error} onRetry={() => void list.refetch()} />}
      {events?.length === 0 && <p className="t3">Nothing happened yet.</p>}
      <ul className={styles.list}>
        {events?.map((event) => (
          <EventLine key={event.id} event={event} now={now} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          size="sm"
          className={styles.more}
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </section>
  )
}

function EventLine({ event, now }: { event: AccountEvent; now: number }) {
  const from = [event.device, event.network].filter(Boolean).join(" · ")
  return (
    <li>
      <div>
        <span className={styles.device}>{toSentence(event.summary)}</span>
        <span className="sm t3">{from}</span>
      </div>
      <time className="sm t3 num" dateTime={event.at}>
        {formatMoment(event.at, now, HERE)}
      </time>
    </li>
  )
}

function toSentence(summary: string): string {
  return summary.charAt(0).toUpperCase() + summary.slice(1)
}
