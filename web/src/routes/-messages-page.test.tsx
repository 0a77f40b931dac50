import { screen, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Delivery, DeliveryPage } from "@/api"
import { makeMe, makeMessage, makeWorkspace, PERMISSIONS } from "@/testing/factories"
import { openApp } from "@/testing/open-app"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

/** An event stream that a test speaks through. */
class ScriptedEventSource extends EventTarget {
  static last: ScriptedEventSource | undefined
  constructor(readonly url: string) {
    super()
    ScriptedEventSource.last = this
  }
  close() {}
  say(type: string, data: unknown = {}) {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }))
  }
}

vi.stubGlobal("EventSource", ScriptedEventSource)

const DELIVERIES = "/api/v1/workspaces/w1/deliveries"

/** The server's side of the page, whose answers a test may change. */
function serve({ messages = [makeMessage()], mail = true, may = PERMISSIONS } = {}) {
  const state = { messages }
  const [workspace] = makeMe().workspaces
  if (!workspace) throw new Error("somebody has a workspace")
  server.use(
    http.get("/api/v1/me", () =>
      HttpResponse.json(makeMe({ workspaces: [{ ...workspace, may }] })),
    ),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail })),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(makeWorkspace())),
    http.get(DELIVERIES, ({ request }) => {
      const from = Number(new URL(request.url).searchParams.get("cursor") ?? 0)
      return HttpResponse.json(cut(state.messages, from))
    }),
  )
  return state
}

function cut(messages: Delivery[], from: number): DeliveryPage {
  const end = from + 2
  return {
    items: messages.slice(from, end),
    next_cursor: end < messages.length ? String(end) : null,
  }
}

const open = (path = "/workspaces/w1/messages") => openApp(path)
const list = () => screen.findByRole("list", { name: "Messages" })

test("a message is told in a row: about what, for whom, and what became of it", async () => {
  serve({ messages: [makeMessage({ state: "given_up", attempts: 4, last_error: "550 no" })] })
  open()

  const row = within(await list()).getByRole("listitem")

  for (const text of ["Checkout API", "Down", "Sofia Lindqvist", "Given up", "4\u00a0attempts"]) {
    expect(within(row).getByText(text, { normalizer: (raw) => raw })).toBeVisible()
  }
})

test("a row opens to the text of the message, and the address says which", async () => {
  const text = "<b>Checkout API</b> is down.\n\nGot: 503"
  serve({ messages: [makeMessage({ body_text: text, last_error: "451 try later" })] })
  const { user, router } = open()

  await user.click(await screen.findByRole("button", { name: /^Text for Sofia Lindqvist: Down/ }))

  const shown = await screen.findByText((_, node) => node?.textContent === text)
  expect(shown).toBeVisible()
  expect(screen.getByText("451 try later")).toBeVisible()
  expect(router.state.location.search).toEqual({ open: "m1" })
})

test("without a mail server the page says that nobody is told, and what to do", async () => {
  serve({ mail: false, messages: [makeMessage({ state: "kept" })] })
  open()

  const note = await screen.findByRole("note")

  expect(note).toHaveTextContent("messages are kept here and sent to nobody")
  expect(note).toHaveTextContent("ALLGREEN_SMTP_URL")
  expect(await list()).toHaveTextContent("Sent to nobody")
})

test("with a mail server there is nothing to say about it", async () => {
  serve()
  open()
  await list()

  expect(screen.queryByRole("note")).toBeNull()
})

test("older messages are asked for", async () => {
  serve({ messages: ["a", "b", "c"].map((id) => makeMessage({ id, service_name: id })) })
  const { user } = open()
  expect(within(await list()).getAllByRole("listitem")).toHaveLength(2)

  await user.click(screen.getByRole("button", { name: "Show older messages" }))

  await vi.waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(3))
  expect(screen.queryByRole("button", { name: "Show older messages" })).toBeNull()
})

test("nothing sent yet is said in a sentence", async () => {
  serve({ messages: [] })
  open()

  expect(await screen.findByText("Nobody had to be told anything yet.")).toBeVisible()
  expect(screen.getByRole("link", { name: "Go to the services" })).toBeVisible()
})

test("a list that does not load can be asked for again", async () => {
  serve()
  const detail = "The database does not answer. Try again in a minute."
  server.use(http.get(DELIVERIES, () => problem(500, "internal", { detail }), { once: true }))
  // The router reports what a loader throws; here it is thrown on purpose.
  vi.spyOn(console, "error").mockImplementation(() => {})
  vi.spyOn(console, "warn").mockImplementation(() => {})
  const { user } = open()

  expect(await screen.findByText(detail)).toBeVisible()
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await list()).toBeVisible()
})

test("a delivery that ends is shown at once", async () => {
  const state = serve({ messages: [makeMessage({ state: "waiting", attempts: 0 })] })
  open()
  expect(await screen.findByText("Waiting")).toBeVisible()

  state.messages = [makeMessage()]
  ScriptedEventSource.last?.say("hello")
  ScriptedEventSource.last?.say("change", { kind: "delivery", id: "m1" })

  expect(await screen.findByText("Sent")).toBeVisible()
})

test("the page is in the navigation, and it alone is marked there", async () => {
  serve()
  open()
  await list()

  for (const link of screen.getAllByRole("link", { name: "Messages" })) {
    expect(link).toHaveAttribute("aria-current", "page")
  }
  for (const link of screen.getAllByRole("link", { name: /^Services/ })) {
    expect(link).not.toHaveAttribute("aria-current")
  }
})

test("who may not read messages is not led to them, and asks for none", async () => {
  serve({ may: ["workspace.read", "service.read"] })
  server.use(http.get(DELIVERIES, () => problem(403, "not_allowed")))
  open()

  expect(await screen.findByText(/Only owners and admins/)).toBeVisible()
  expect(screen.queryByRole("link", { name: "Messages" })).toBeNull()
})
