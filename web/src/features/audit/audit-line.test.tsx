import { screen } from "@testing-library/react"
import { expect, test } from "vitest"
import type { AuditEntry } from "@/api"
import { renderPlain } from "@/testing/render"
import { AuditLine } from "./audit-line"

function makeEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: "e1",
    at: "2026-04-14T23:00:00Z",
    who: { account_id: "a2", name: "Jonas Berg" },
    action: "service.edited",
    summary: "changed the limit from 500 ms to 800 ms",
    service_id: "s1",
    service_name: "Checkout API",
    before: { limit: "500 ms" },
    after: { limit: "800 ms" },
    ...over,
  }
}

const line = (entry: AuditEntry) =>
  renderPlain(
    <ul>
      <AuditLine entry={entry} now={Date.parse("2026-04-14T23:30:00Z")} zone="UTC" />
    </ul>,
  )

test("a line opens to what became of what, and closes again", async () => {
  const { user } = line(makeEntry())
  expect(screen.queryByRole("definition")).toBeNull()
  const button = screen.getByRole("button", { name: /^What became of what: Jonas Berg changed/ })

  await user.click(button)

  expect(button).toHaveAttribute("aria-expanded", "true")
  expect(screen.getByRole("term")).toHaveTextContent("Limit")
  expect(screen.getByRole("definition")).toHaveTextContent("500 msbecame800 ms")

  await user.keyboard("{Enter}")

  expect(screen.queryByRole("definition")).toBeNull()
})

test("a line that says it all has nothing to open", () => {
  line(makeEntry({ summary: "paused it", before: {}, after: {} }))

  expect(screen.getByText(/paused it/)).toBeVisible()
  expect(screen.queryByRole("button")).toBeNull()
})

test("what is secret is said to be hidden", async () => {
  const { user } = line(makeEntry({ before: { token: "•••" }, after: { token: "•••" } }))

  await user.click(screen.getByRole("button"))

  expect(screen.getByRole("definition")).toHaveTextContent("hiddenbecamehidden")
})

test.each([
  [
    "somebody whose account is gone",
    { who: { account_id: "a9", name: null }, summary: "paused it" },
    "Somebody who is gone paused it · Checkout API",
  ],
  [
    "a service that turned",
    { who: null, action: "service.health", summary: "went from up to down" },
    "Checkout API went from up to down",
  ],
  [
    "somebody outside",
    { who: null, action: "recipient.left", summary: "pager@x.example left the list" },
    "pager@x.example left the list · Checkout API",
  ],
  [
    "Allgreen itself",
    { who: null, service_name: null, action: "workspace.offered", summary: "ended an offer" },
    "Allgreen ended an offer",
  ],
] as const)("a line about %s names it", (_, over, words) => {
  line(makeEntry({ before: {}, after: {}, ...over }))

  expect(screen.getByRole("listitem")).toHaveTextContent(words)
})
