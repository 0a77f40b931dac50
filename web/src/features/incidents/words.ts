import type { Delivery, IncidentInFull, Moment, NoticeKind, ServiceHealth, Told } from "@/api"
import type { GlyphState } from "@/components/ui/status-glyph"
import { formatDuration, formatMoment, formatNoun, formatTime, formatZone } from "@/lib/format"

/** The whole outage in one sentence; of one that lasts, without its length, which grows. */
export function writeSentence(incident: IncidentInFull): string {
  const { service_name: name, reopened, began_at, ended_at } = incident
  if (ended_at === null) return `${name} is down.`
  if (reopened === 0)
    return `${name} was down for ${formatDuration(secondsBetween(began_at, ended_at))}.`
  const within = formatDuration(secondsBetween(began_at, ended_at))
  return `${name} was down ${formatNoun(reopened + 1, "time")} within ${within}.`
}

const MINUTE_MS = 60_000

/** From when to when, in the zone of the workspace, which is named. */
export function writeStretch(incident: IncidentInFull, now: number, zone: string): string {
  const { began_at, ended_at } = incident
  const began = formatDate(began_at, now, zone)
  if (ended_at === null)
    return `Since ${inSentence(began)} ${formatZone(zone, Date.parse(began_at))}`
  const named = formatZone(zone, Date.parse(ended_at))
  // Over within a minute: to say it twice tells nothing.
  if (Date.parse(ended_at) - Date.parse(began_at) < MINUTE_MS) return `${began} ${named}`
  const isOneDay = writeDay(began_at, zone) === writeDay(ended_at, zone)
  const ended = isOneDay ? formatTime(ended_at, zone) : inSentence(formatDate(ended_at, now, zone))
  return `${began} to ${ended} ${named}`
}

/** How many are told nothing, and why; `null` for an outage that is told. */
export function explainQuiet({ quiet }: IncidentInFull): string | null {
  if (quiet === "maintenance") return "Nobody is told of it: it lies in planned maintenance."
  if (quiet === "blocked by") {
    return "Nobody is told of it: something that it depends on is down, and that is told instead."
  }
  return null
}

/** A line of the story: its shape, what happened, and what is known of it. */
export interface Line {
  glyph: GlyphState | "message" | "note" | "run"
  what: string
  detail: string | null
}

/**
 * Say what happened at a moment.
 *
 * @param earlier The moments before it, of which the first failure is told apart.
 * @param names Whom the messages of a moment are for, as far as the reader may know.
 */
export function writeMoment(
  moment: Moment,
  earlier: readonly Moment[],
  names: readonly string[] = [],
): Line {
  switch (moment.what) {
    case "failed":
      return { glyph: "run", what: nameFailure(moment, earlier), detail: moment.text ?? null }
    case "confirmed":
      return { glyph: "down", what: "Declared down", detail: moment.text ?? null }
    case "turned":
      return { ...TURNS[moment.health ?? "unknown"], detail: moment.text ?? null }
    case "noted":
      return { glyph: "note", what: moment.text ?? "", detail: null }
    case "ended":
      return writeEnd(moment)
    case "told":
      return moment.told
        ? writeTold(moment.told, names)
        : { glyph: "message", what: "Told", detail: null }
  }
}

/** Whom the messages about one fact are for: those that were sent at all. */
export function namesOf(told: Told, deliveries: readonly Delivery[]): string[] {
  return deliveries
    .filter(
      ({ kind, created_at, state }) =>
        kind === told.kind && created_at === told.owed_at && state === "sent",
    )
    .flatMap(({ to_name, to }) => to_name ?? to ?? [])
}

const TURNS: Readonly<Record<ServiceHealth, { glyph: GlyphState; what: string }>> = {
  up: { glyph: "up", what: "Held again for a moment" },
  degraded: { glyph: "degraded", what: "Slow" },
  down: { glyph: "down", what: "Down" },
  unknown: { glyph: "nodata", what: "Nothing known" },
}

function nameFailure({ attempt }: Moment, earlier: readonly Moment[]): string {
  if (earlier.every(({ what }) => what !== "failed")) return "First failure seen"
  return attempt === 1 ? "The next check failed too" : "Tried again at once: failed"
}

const ENDS: Readonly<Record<string, Line>> = {
  paused: { glyph: "paused", what: "Closed, because the service was paused", detail: null },
  "configuration changed": {
    glyph: "nodata",
    what: "Closed, because what is asked of the service was changed",
    detail: null,
  },
  deleted: { glyph: "nodata", what: "Closed, because the service was deleted", detail: null },
}

function writeEnd({ text, health }: Moment): Line {
  const closed = ENDS[text ?? ""]
  if (closed) return closed
  if (health === "degraded")
    return { glyph: "degraded", what: "Holds again, but slowly", detail: null }
  return { glyph: "up", what: "Holds again", detail: null }
}

/** What a message about an outage says, as the end of a sentence. */
const NEWS: Readonly<Partial<Record<NoticeKind, string>>> = {
  down: "that it is down",
  up: "that it holds again",
  reminder: "that it is still down",
  paused: "that it was paused",
  reconfigured: "that it was changed",
  deleted: "that it is no longer watched",
  flapping: "that it goes up and down",
  steady: "that it is steady again",
}

const MOST_NAMES = 3

function writeTold(told: Told, names: readonly string[]): Line {
  const news = NEWS[told.kind] ?? "of it"
  const rest = [
    told.waiting > 0 && `${formatNoun(told.waiting, "message")} ${wait(told.waiting)}`,
    told.kept > 0 && `${formatNoun(told.kept, "message")} kept here, because no mail server is set`,
    told.given_up > 0 && `${formatNoun(told.given_up, "message")} given up`,
    told.cancelled > 0 && `${formatNoun(told.cancelled, "message")} no longer true in time`,
  ].filter((words) => words !== false)
  if (told.sent > 0) {
    const verb = told.sent === 1 && !(names.length === 0 && told.you) ? "was" : "were"
    const who = names.length > 0 ? listNames(names, told.sent) : countPeople(told)
    return { glyph: "message", what: `${who} ${verb} told ${news}`, detail: joinRest(rest) }
  }
  const nobody = told.waiting > 0 ? "Nobody was told yet" : "Nobody was told"
  return { glyph: "message", what: `${nobody} ${news}`, detail: joinRest(rest) }
}

function wait(count: number): string {
  return count === 1 ? "waits" : "wait"
}

function joinRest(rest: readonly string[]): string | null {
  return rest.length > 0 ? `${rest.join(", ")}.` : null
}

function countPeople({ sent, you }: Told): string {
  if (!you) return sent === 1 ? "One person" : formatNoun(sent, "person", "people")
  if (sent === 1) return "You"
  return sent === 2 ? "You and one other" : `You and ${formatNoun(sent - 1, "other")}`
}

function listNames(names: readonly string[], sent: number): string {
  const shown = names.slice(0, MOST_NAMES)
  const others = sent - shown.length
  if (others > 0) return `${shown.join(", ")} and ${formatNoun(others, "other")}`
  const last = shown.at(-1) ?? ""
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${last}` : last
}

/** The moments of one local day. */
export interface Day {
  day: string
  moments: readonly { moment: Moment; earlier: readonly Moment[] }[]
}

/** Lay the moments of a story out by local days. */
export function groupByDay(moments: readonly Moment[], zone: string): Day[] {
  const days: { day: string; moments: { moment: Moment; earlier: Moment[] }[] }[] = []
  for (const [index, moment] of moments.entries()) {
    const day = writeDay(moment.at, zone)
    const entry = { moment, earlier: moments.slice(0, index) }
    const last = days.at(-1)
    if (last?.day === day) last.moments.push(entry)
    else days.push({ day, moments: [entry] })
  }
  return days
}

/** Write a time of day with its seconds: `23:18:05`. */
export function writeClock(at: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(new Date(at))
}

function writeDay(at: string, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
  })
    .format(new Date(at))
    .replace(",", "")
}

/** A moment as people say it, with its year when it is another one: outages are kept for ever. */
function formatDate(at: string, now: number, zone: string): string {
  const [year, thisYear] = [at, new Date(now).toISOString()].map((one) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric" }).format(new Date(one)),
  )
  return year === thisYear
    ? formatMoment(at, now, zone)
    : `${writeDay(at, zone)} ${formatTime(at, zone)}`
}

function inSentence(moment: string): string {
  return moment.replace(/^(Today|Yesterday)/, (word) => word.toLowerCase())
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000
}
