import { expect, test } from "vitest"
import { makeInvitation } from "@/testing/factories"
import { describeInvitation, describeLeft, describeMembers, describeSince } from "./words"

const NOW = Date.parse("2026-04-14T23:30:00Z")

test.each([
  [1, 0, "Only you can open Nordlys."],
  [6, 2, "Six people can open Nordlys. Two invitations are waiting."],
  [12, 1, "12 people can open Nordlys. One invitation is waiting."],
])("%i members and %i invitations are told in a sentence", (members, invited, sentence) => {
  expect(describeMembers("Nordlys", members, invited)).toBe(sentence)
})

test.each([
  ["2026-04-02T08:00:00Z", "Since 2 April"],
  ["2026-01-20T08:00:00Z", "Since January"],
  ["2025-03-20T08:00:00Z", "Since March 2025"],
])("a member since %s is told with as much as matters", (at, words) => {
  expect(describeSince(at, NOW, "UTC")).toBe(words)
})

test.each([
  ["2026-04-20T23:29:00Z", "5\u00a0days left", "Invited by Sofia Lindqvist"],
  ["2026-04-15T02:30:00Z", "3\u00a0hours left", "Invited by Sofia Lindqvist"],
  ["2026-04-14T23:50:00Z", "Ends soon", "Invited by Sofia Lindqvist"],
  ["2026-04-14T20:00:00Z", "Expired", "Expired today"],
  ["2026-04-13T20:00:00Z", "Expired", "Expired yesterday"],
  ["2026-04-11T20:00:00Z", "Expired", "Expired 3\u00a0days ago"],
])("an invitation until %s has %s", (expires_at, left, line) => {
  const invitation = makeInvitation({ expires_at })

  expect(describeLeft(invitation, NOW)).toBe(left)
  expect(describeInvitation(invitation, NOW)).toBe(line)
})

test("the server knows best what has expired", () => {
  const invitation = makeInvitation({ expires_at: "2026-04-14T23:31:00Z", is_expired: true })

  expect(describeLeft(invitation, NOW)).toBe("Expired")
})
