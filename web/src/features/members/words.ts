import type { Invitation, Role } from "@/api"
import { formatNoun } from "@/lib/format"

/** What a role is called, and what it may. */
export const ROLES: Readonly<Record<Role, { name: string; one: string; may: string }>> = {
  owner: {
    name: "Owner",
    one: "an owner",
    may: "Everything, including members, the public page and deleting the workspace.",
  },
  admin: {
    name: "Admin",
    one: "an admin",
    may: "Creates, edits, pauses and deletes services, and who is told.",
  },
  observer: {
    name: "Observer",
    one: "an observer",
    may: "Sees every service, its latency and its events. Changes nothing.",
  },
}

const NUMBERS = "No,One,Two,Three,Four,Five,Six,Seven,Eight,Nine,Ten".split(",")

/** The sentence over the list: `Six people can open Nordlys. Two invitations are waiting.` */
export function describeMembers(workspace: string, members: number, invited: number): string {
  const people =
    members === 1
      ? `Only you can open ${workspace}.`
      : `${inWords(members)} people can open ${workspace}.`
  if (invited === 0) return people
  const waiting =
    invited === 1 ? "One invitation is waiting." : `${inWords(invited)} invitations are waiting.`
  return `${people} ${waiting}`
}

function inWords(count: number): string {
  return NUMBERS[count] ?? String(count)
}

/** Since when: the day within a month, the month within the year, else month and year. */
export function describeSince(at: string, now: number, zone: string): string {
  const then = new Date(at)
  const isRecent = now - then.getTime() < 31 * DAY_MS
  const isThisYear = yearOf(then, zone) === yearOf(new Date(now), zone)
  const parts: Intl.DateTimeFormatOptions = isRecent
    ? { day: "numeric", month: "long" }
    : { month: "long", year: isThisYear ? undefined : "numeric" }
  return `Since ${new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...parts }).format(then)}`
}

/** How long a link still works: `5 days left`, `3 hours left`, `Expired`. */
export function describeLeft({ expires_at, is_expired }: Invitation, now: number): string {
  const left = Date.parse(expires_at) - now
  if (is_expired || left <= 0) return "Expired"
  if (left >= DAY_MS) return `${formatNoun(Math.floor(left / DAY_MS), "day")} left`
  return left >= HOUR_MS ? `${formatNoun(Math.floor(left / HOUR_MS), "hour")} left` : "Ends soon"
}

/** The line under an invited address. */
export function describeInvitation(invitation: Invitation, now: number): string {
  if (describeLeft(invitation, now) !== "Expired") {
    return invitation.invited_by ? `Invited by ${invitation.invited_by}` : "Invited"
  }
  const days = Math.floor((now - Date.parse(invitation.expires_at)) / DAY_MS)
  if (days < 1) return "Expired today"
  return days === 1 ? "Expired yesterday" : `Expired ${formatNoun(days, "day")} ago`
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function yearOf(at: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric" }).format(at)
}
