import { type ReactNode, useMemo } from "react"
import type { ServiceRow as Row } from "@/api"
import { Button } from "@/components/ui/button"
import { ServiceRow } from "./service-row"
import { ServiceTools, type Show } from "./service-tools"
import styles from "./services.module.css"
import { GROUPS, groupServices, matches } from "./shown-state"

export interface ServiceListProps {
  services: readonly Row[]
  show: Show
  words: string
  /** The service that is open, if any. */
  openId: string | undefined
  onShow: (show: Show) => void
  onWords: (words: string) => void
  onToggle: (serviceId: string) => void
  /** What stands in an open row. */
  renderDetail: (service: Row) => ReactNode
}

/** The services of a workspace in three groups, filtered, each row opening in place. */
export function ServiceList(props: ServiceListProps) {
  const { services, show, words, openId, onShow, onWords, onToggle, renderDetail } = props
  const all = useMemo(() => groupServices(services), [services])
  const found = useMemo(
    () => groupServices(services.filter((row) => matches(row, words))),
    [services, words],
  )
  const groups = GROUPS.filter(({ id }) => found[id].length > 0 && (show === "all" || show === id))
  const counts = { all: services.length, look: all.look.length, paused: all.paused.length }
  return (
    <>
      <ServiceTools show={show} words={words} counts={counts} onShow={onShow} onWords={onWords} />
      {groups.map(({ id, title }, index) => (
        <section key={id} aria-labelledby={`group-${id}`}>
          <div className={styles.group}>
            <h2 id={`group-${id}`}>{title}</h2>
            <span>{found[id].length}</span>
          </div>
          <div className={styles.list}>
            {index === 0 && <ColumnHeads />}
            {found[id].map((row) => (
              <ServiceRow key={row.id} row={row} isOpen={row.id === openId} onToggle={onToggle}>
                {row.id === openId && renderDetail(row)}
              </ServiceRow>
            ))}
          </div>
        </section>
      ))}
      {groups.length === 0 && <NothingFound show={show} words={words} onShow={onShow} />}
    </>
  )
}

function ColumnHeads() {
  return (
    <div className={`${styles.line} ${styles.head}`} aria-hidden="true">
      <span>Service</span>
      <span>90 days, one pipe a day</span>
      <span>Uptime</span>
      <span>Median</span>
      <span />
    </div>
  )
}

function NothingFound({
  show,
  words,
  onShow,
}: Pick<ServiceListProps, "show" | "words" | "onShow">) {
  return (
    <div className={`${styles.list} ${styles.nothing}`} role="status">
      <span className="grow">{describeNothing(show, words)}</span>
      {show !== "all" && (
        <Button size="sm" onClick={() => onShow("all")}>
          Show all
        </Button>
      )}
    </div>
  )
}

function describeNothing(show: Show, words: string): string {
  if (words.trim()) return `No service has “${words.trim()}” in its name or URL.`
  return show === "paused" ? "No service is paused." : "No service needs a look."
}
