import type { ApiKey, Scope } from "@/api"
import { formatAgo } from "@/lib/format"

export const SCOPES: Readonly<Record<Scope, string>> = {
  read: "Read",
  write: "Read and change services",
}

/** What there is to say of a key in a line: whose, what it may, when used, until when. */
export function describeKey(key: ApiKey, now: number, zone: string): string {
  const whose = key.maker.you ? null : `By ${key.maker.name}`
  const used = key.last_used_at
    ? `last used ${formatAgo(key.last_used_at, now, zone)}`
    : "never used"
  return [whose, SCOPES[key.scope], used, describeEnd(key, now, zone)].filter(Boolean).join(", ")
}

function describeEnd({ expires_at }: ApiKey, now: number, zone: string): string {
  if (expires_at === null) return "until it is revoked"
  const day = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    day: "numeric",
    month: "long",
    year: "numeric",
  }).format(new Date(expires_at))
  return Date.parse(expires_at) <= now ? `ended on ${day}` : `until ${day}`
}
