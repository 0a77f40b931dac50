import type { ServiceRow, Shown } from "@/api"
import type { GlyphState } from "@/components/ui/status-glyph"
import { formatMoment } from "@/lib/format"

/** How a state looks and what it is called, in one place. */
export const SHOWN: Readonly<Record<Shown, { glyph: GlyphState; word: string; text: string }>> = {
  up: { glyph: "up", word: "Up", text: "var(--up-text)" },
  degraded: { glyph: "degraded", word: "Slow", text: "var(--degraded-text)" },
  down: { glyph: "down", word: "Down", text: "var(--down-text)" },
  maintenance: { glyph: "maint", word: "Maintenance", text: "var(--text-3)" },
  paused: { glyph: "paused", word: "Paused", text: "var(--text-3)" },
  checking: { glyph: "nodata", word: "Checking", text: "var(--text-3)" },
  unknown: { glyph: "nodata", word: "Not known", text: "var(--text-3)" },
}

export type ServiceGroup = "look" | "quiet" | "paused"

/** The groups of the list, in the order they stand in. */
export const GROUPS: readonly { id: ServiceGroup; title: string }[] = [
  { id: "look", title: "Needs a look" },
  { id: "quiet", title: "Quiet" },
  { id: "paused", title: "Paused" },
]

/**
 * The group of a service.
 *
 * What cannot be told is not quiet: a suspicion under check and an unknown state need a look like a
 * fault, as soon as they have a reason. Without one they are new.
 */
export function groupOf(row: ServiceRow): ServiceGroup {
  if (row.shown === "paused") return "paused"
  if (row.shown === "down" || row.shown === "degraded") return "look"
  const isInDoubt = row.shown === "checking" || row.shown === "unknown"
  return isInDoubt && row.reason ? "look" : "quiet"
}

const URGENCY: readonly Shown[] = ["down", "checking", "degraded", "unknown"]

/** Where a row stands, and what it was when it came there. */
export type Place = Pick<ServiceRow, "mode" | "shown"> & { group: ServiceGroup }

export type Places = ReadonlyMap<string, Place>

/**
 * Services by group; the worst first among those that need a look, the given order elsewhere.
 *
 * @param places Where rows stand already: there they stay, whatever they have become.
 */
export function groupServices(
  rows: readonly ServiceRow[],
  places?: Places,
): Record<ServiceGroup, ServiceRow[]> {
  const groups: Record<ServiceGroup, ServiceRow[]> = { look: [], quiet: [], paused: [] }
  const urgency = (row: ServiceRow) => URGENCY.indexOf((places?.get(row.id) ?? row).shown)
  for (const row of rows) groups[places?.get(row.id)?.group ?? groupOf(row)].push(row)
  groups.look.sort((a, b) => urgency(a) - urgency(b))
  return groups
}

/**
 * Give every row a place, and leave it there as long as nobody pauses or resumes it.
 *
 * @returns `held` itself when every row has its place in it.
 */
export function holdPlaces(rows: readonly ServiceRow[], held: Places): Places {
  const strays = rows.filter((row) => held.get(row.id)?.mode !== row.mode)
  if (strays.length === 0) return held
  const places = new Map(held)
  for (const row of strays) {
    places.set(row.id, { mode: row.mode, shown: row.shown, group: groupOf(row) })
  }
  return places
}

/** Whether the words someone typed are in the name or the address. */
export function matches(row: ServiceRow, words: string): boolean {
  const wanted = words.trim().toLowerCase()
  return `${row.name}\n${row.address}`.toLowerCase().includes(wanted)
}

/** The line under a service's name, where it is not its address. */
export function explainState(row: ServiceRow): string | null {
  if (row.shown === "paused") return describePause(row)
  if (row.shown === "maintenance") return describeWork(row)
  return row.shown === "up" ? null : row.reason
}

function describePause(row: ServiceRow): string {
  const by = row.paused_by ? ` by ${row.paused_by}` : ""
  const on = row.paused_at ? ` on ${writeDate(row.paused_at, row.strip.zone)}` : ""
  return `Paused${by}${on}`
}

function describeWork({ maintenance_until, reason, strip: { zone } }: ServiceRow): string {
  // A time alone is one of today.
  const until = maintenance_until
    ? ` until ${formatMoment(maintenance_until, Date.now(), zone).replace("Today ", "")}`
    : ""
  return reason ? `Planned work${until}: ${reason}` : `Planned work${until}`
}

function writeDate(at: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "long" }).format(
    new Date(at),
  )
}
