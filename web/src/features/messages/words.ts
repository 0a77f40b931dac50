import type { Delivery, DeliveryForm, DeliveryState, NoticeKind } from "@/api"
import type { GlyphState } from "@/components/ui/status-glyph"
import { formatNoun } from "@/lib/format"

/** What a message says, in words. */
export const KINDS: Readonly<Record<NoticeKind, string>> = {
  down: "Down",
  up: "Holds again",
  paused: "Paused while down",
  reconfigured: "Changed while down",
  deleted: "Deleted while down",
  reminder: "Still down",
  flapping: "Turns too often",
  steady: "Steady again",
  blocked: "Address not allowed",
  parked: "On hold",
  undelivered: "A message was given up",
  offline: "Allgreen could not watch",
  disk_full: "The disk of Allgreen was full",
  digest: "Several at once",
  confirm_recipient: "Question to be on the list",
  verify_email: "Link to prove an address",
  reset_password: "Link for a new password",
  change_email: "Link to move to an address",
  account_changed: "An account was changed",
  invited: "Invitation",
  removed: "Removed from the workspace",
  role_changed: "Another role",
  offered: "Offer to own the workspace",
  workspace_deleted: "The workspace was deleted",
  key_made: "A key was made",
  recipient_lost: "Somebody is not told any more",
}

/** What became of a message: its word and its shape. */
export const STATES: Readonly<Record<DeliveryState, { word: string; glyph: GlyphState }>> = {
  waiting: { word: "Waiting", glyph: "nodata" },
  sent: { word: "Sent", glyph: "up" },
  kept: { word: "Kept", glyph: "paused" },
  given_up: { word: "Given up", glyph: "down" },
  cancelled: { word: "Not sent", glyph: "nodata" },
}

/** With what a message goes, when it does not go alone. */
const TOGETHER: Readonly<Record<DeliveryForm, string | null>> = {
  alone: null,
  merged: "In one mail with its end",
  digest: "In one mail with others",
}

/** The line under the state: why it stands so, as far as there is more to say than the word. */
export function explainDelivery(message: Delivery): string | null {
  if (message.state === "kept") return "Sent to nobody"
  if (message.state === "cancelled") return "No longer true in time"
  const together = TOGETHER[message.form]
  if (message.last_error === null && message.attempts < 2) return together
  const attempts = formatNoun(message.attempts, "attempt")
  return together === null ? attempts : `${together}, ${attempts}`
}

/** Whom a message is for: a name, an address, or the reason why neither is shown. */
export function nameReader({ to, to_name }: Delivery): string {
  return to_name ?? to ?? "An address that only owners see"
}
