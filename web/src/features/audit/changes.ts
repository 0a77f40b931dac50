import type { AuditEntry } from "@/api"
import { formatNoun } from "@/lib/format"

/** One thing that was changed: what it was, and what it became. */
export interface Change {
  label: string
  before: string
  after: string
}

const NOTHING = "nothing"
const HIDDEN = "hidden"
/** What the server shows in place of what is secret. */
const MASK = "•••"

const LABELS: Readonly<Record<string, string>> = {
  admins_may_invite: "Admins may invite",
  expected: "Correct means",
  failures: "Failures until it is down",
  "good results": "Good results until it is up",
  is_published: "Public",
  service_ids: "Services on the page",
  shows_latency: "Shows response times",
  side: "Turned",
  slug: "Address",
  told: "People told",
  website: "Website",
}

/** Ids and counts of ours tell people nothing, and of its health the line itself tells all. */
const NOT_FOR_PEOPLE = /(^|_)id$|^(version|owner|health)$/

/** List what a line of the history changed, in plain words; nothing for one that says it all. */
export function listChanges({ before, after }: Pick<AuditEntry, "before" | "after">): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter((name) => !NOT_FOR_PEOPLE.test(name))
    .map((name) => ({
      label: nameField(name),
      before: writeValue(before[name], name),
      after: writeValue(after[name], name),
    }))
}

/** `limit of check 2` becomes `Limit of check 2`, `time_zone` becomes `Time zone`. */
function nameField(name: string): string {
  const [what = name, ...rest] = name.split(" of ")
  const label = LABELS[what] ?? what.charAt(0).toUpperCase() + what.slice(1).replaceAll("_", " ")
  return [label, ...rest].join(" of ")
}

function writeValue(value: unknown, name: string): string {
  if (name === "service_ids" && value === null) return "all"
  if (value === MASK) return HIDDEN
  if (typeof value === "boolean") return value ? "yes" : "no"
  if (Array.isArray(value)) return formatNoun(value.length, "service")
  if (typeof value === "number") return String(value)
  // Objects are none of what people change; to show one as it is stored would tell nobody anything.
  return typeof value === "string" && value !== "" ? value : NOTHING
}
