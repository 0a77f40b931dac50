import type { IncidentInFull } from "@/api"
import { Elapsed } from "@/components/elapsed"
import { formatDuration, formatNoun } from "@/lib/format"
import styles from "./incidents.module.css"
import { writeClock, writeSentence, writeStretch } from "./words"

interface IncidentSlabProps {
  incident: IncidentInFull
  now: number
  zone: string
  /** Nothing was heard for a while, so that it may be over. */
  isStale: boolean
}

/** The answer first: one sentence about the outage, when it was, and its figures. */
export function IncidentSlab({ incident, now, zone, isStale }: IncidentSlabProps) {
  const isOpen = incident.ended_at === null
  return (
    <section className={`slab ${styles.slab}`} aria-label="The outage">
      <div>
        <h1 className={isOpen ? styles.down : undefined}>{writeSentence(incident)}</h1>
        <p className={`t2 ${styles.when}`}>{writeStretch(incident, now, zone)}</p>
        {/* It stays where it is when the outage ends, so that a reader hears of it. */}
        <p className={`sm t2 ${styles.live}`} role="status">
          {isOpen ? writeNow(isStale) : writeReason(incident)}
        </p>
      </div>
      <dl className={styles.figures}>
        <div>
          <dt>{isOpen ? "Down for" : "Lasted"}</dt>
          <dd>
            <Length incident={incident} />
          </dd>
        </div>
        <div>
          <dt>Declared down at</dt>
          <dd>{writeClock(incident.confirmed_at, zone)}</dd>
        </div>
        <div>
          <dt>Told that it began</dt>
          <dd>{formatNoun(incident.told, "person", "people")}</dd>
        </div>
      </dl>
    </section>
  )
}

function Length({ incident }: { incident: IncidentInFull }) {
  const { began_at, ended_at, reopened_at } = incident
  if (ended_at === null) return <Elapsed since={reopened_at ?? began_at} />
  return <>{formatDuration((Date.parse(ended_at) - Date.parse(began_at)) / 1000)}</>
}

function writeNow(isStale: boolean): string {
  if (isStale) return "It lasted when this page last heard of it."
  return "It still lasts. This page follows it by itself."
}

/** How it ended, for one that is over. */
function writeReason({ resolution }: IncidentInFull): string {
  if (resolution === "paused") return "It was paused while it was down."
  if (resolution === "configuration changed") return "It was changed while it was down."
  if (resolution === "deleted") return "It was deleted while it was down."
  return "It is over."
}
