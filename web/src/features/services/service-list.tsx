import { type ReactNode, useMemo } from "react"
import type { ServiceRow as Row } from "@/api"
import { Button } from "@/components/ui/button"
import { ServiceRow } from "./service-row"
import { ServiceTools, type Show } from "./service-tools"
import styles from "./services.module.css"
import { GROUPS, groupOf, groupServices, matches, type ServiceGroup } from "./shown-state"
import { useHeldPlaces } from "./use-held-places"

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
  const { places, sort } = useHeldPlaces(services, words)
  // Who asks for one group is shown what is in it now.
  const held = show === "all" ? places : undefined
  const found = useMemo(
    () =>
      groupServices(
        services.filter((row) => matches(row, words)),
        held,
      ),
    [services, words, held],
  )
  const groups = GROUPS.filter(({ id }) => found[id].length > 0 && (show === "all" || show === id))
  const counts = { all: services.length, look: all.look.length, paused: all.paused.length }
  return (
    <>
      <ServiceTools show={show} words={words} counts={counts} onShow={onShow} onWords={onWords} />
      <div className={styles.groups}>
        {placeGroups(groups.map((group) => ({ ...group, rows: found[group.id] }))).flatMap(
          ({ id, title, rows, line, rowsLine }, index) => [
            <GroupTitle
              key={`title-${id}`}
              group={id}
              title={title}
              count={rows.length}
              turned={rows.filter((row) => groupOf(row) !== id).length}
              line={line}
              onSort={sort}
            />,
            <Box key={`box-${id}`} from={line + 1} to={rowsLine + rows.length} />,
            index === 0 && <ColumnHeads key="heads" line={line + 1} />,
            ...rows.map((row, place) => (
              <ServiceRow
                key={row.id}
                row={row}
                group={id}
                gridRow={rowsLine + place}
                isFirst={rowsLine + place === line + 1}
                isLast={place === rows.length - 1}
                isOpen={row.id === openId}
                onToggle={onToggle}
              >
                {row.id === openId && renderDetail(row)}
              </ServiceRow>
            )),
          ],
        )}
      </div>
      {groups.length === 0 && <NothingFound show={show} words={words} onShow={onShow} />}
    </>
  )
}

interface PlacedGroup {
  id: ServiceGroup
  title: string
  rows: readonly Row[]
  /** The grid line of the title; what follows is boxed. */
  line: number
  /** The grid line of the first row; the first group has the heads of the columns above it. */
  rowsLine: number
}

/**
 * Give titles and rows their lines in one grid.
 *
 * All rows are siblings: one that changes its group while it is open is moved, not made anew, so that
 * what is being typed in it stays.
 */
function placeGroups(groups: readonly Omit<PlacedGroup, "line" | "rowsLine">[]): PlacedGroup[] {
  let line = 1
  return groups.map((group, index) => {
    const placed = { ...group, line, rowsLine: line + (index === 0 ? 2 : 1) }
    line = placed.rowsLine + group.rows.length
    return placed
  })
}

interface GroupTitleProps {
  group: ServiceGroup
  title: string
  count: number
  /** How many stand here still, but belong to another group by now. */
  turned: number
  line: number
  onSort: () => void
}

function GroupTitle({ group, title, count, turned, line, onSort }: GroupTitleProps) {
  return (
    <div className={styles.group} style={{ gridRow: line }}>
      <h2>{title}</h2>
      <span>{count}</span>
      {turned > 0 && (
        <>
          <span>{describeTurned(group, turned)}</span>
          <button type="button" className={styles.sort} onClick={onSort}>
            Sort again
          </button>
        </>
      )}
    </div>
  )
}

function describeTurned(group: ServiceGroup, count: number): string {
  if (group === "look") return `${count} ${count === 1 ? "is" : "are"} quiet again`
  return `${count} ${count === 1 ? "needs" : "need"} a look now`
}

/** The surface under the rows of a group. */
function Box({ from, to }: { from: number; to: number }) {
  return <div className={styles.box} style={{ gridRow: `${from} / ${to}` }} />
}

function ColumnHeads({ line }: { line: number }) {
  return (
    <div className={`${styles.line} ${styles.head}`} style={{ gridRow: line }} aria-hidden="true">
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
