import { act, screen, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import {
  makeIncidentInFull,
  makeMe,
  makeMessage,
  makeTold,
  makeWorkspace,
  PERMISSIONS,
} from "@/testing/factories"
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

const PATH = "/workspaces/w1/incidents/n1"
const INCIDENT = "/api/v1/incidents/n1"

/** The server's side of the page, whose answers a test may change. */
function serve({
  incident = makeIncidentInFull(),
  messages = [makeMessage({ incident_id: "n1" })],
  may = PERMISSIONS,
  mail = true,
} = {}) {
  const state = { incident, messages, asked: [] as (string | null)[] }
  const [workspace] = makeMe().workspaces
  if (!workspace) throw new Error("somebody has a workspace")
  server.use(
    http.get("/api/v1/me", () =>
      HttpResponse.json(makeMe({ workspaces: [{ ...workspace, may }] })),
    ),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail })),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(makeWorkspace())),
    http.get(INCIDENT, () => HttpResponse.json(state.incident)),
    http.get("/api/v1/workspaces/w1/deliveries", ({ request }) => {
      state.asked.push(new URL(request.url).searchParams.get("incident"))
      return HttpResponse.json({ items: state.messages, next_cursor: null })
    }),
  )
  return state
}

const headline = (name: string | RegExp) => screen.findByRole("heading", { level: 1, name })

function quietConsole() {
  // The router reports what a loader throws; here it is thrown on purpose.
  vi.spyOn(console, "error").mockImplementation(() => {})
  vi.spyOn(console, "warn").mockImplementation(() => {})
}

test("an outage is told in a sentence, with its cause, its story and who was told", async () => {
  const { asked } = serve()
  openApp(PATH)

  expect(await headline(/^Checkout API was down for 42.min\.$/)).toBeVisible()
  const why = within(screen.getByRole("region", { name: "Why" }))
  expect(why.getByText("It answered 503.")).toBeVisible()
  expect(why.getByRole("img", { name: "Does not hold" })).toBeVisible()
  expect(why.getByText("at least 1 KB")).toBeVisible()
  const story = within(screen.getByRole("region", { name: "What happened" }))
  expect(story.getAllByRole("listitem").map((line) => line.textContent)).toEqual([
    "23:00:01First failure seenIt answered 503.",
    "23:00:06Tried again at once: failedIt answered 503.",
    "23:00:21Declared down503 instead of 200",
    "23:00:22You and one other were told that it is down",
    "23:42:00Holds again",
  ])
  const log = within(await screen.findByRole("list", { name: "Messages" }))
  expect(log.getByText("Sofia Lindqvist")).toBeVisible()
  expect(asked).toEqual(["n1"])
  expect(screen.getByRole("link", { name: "Open Checkout API" })).toHaveAttribute(
    "href",
    "/workspaces/w1?open=s1",
  )
})

test("the page of one that lasts follows it to its end", async () => {
  const open = makeIncidentInFull({ state: "open", ended_at: null, resolution: null })
  const state = serve({ incident: open })
  openApp(PATH)
  expect(await headline("Checkout API is down.")).toBeVisible()
  expect(screen.getByText("It still lasts. This page follows it by itself.")).toBeVisible()

  state.incident = makeIncidentInFull()
  ScriptedEventSource.last?.say("hello")
  ScriptedEventSource.last?.say("change", { kind: "incident", id: "n1" })

  expect(await headline(/was down for/)).toBeVisible()
  expect(screen.getByText("It is over.")).toBeVisible()
})

test("who may not read messages is told how many there were, and asks for none", async () => {
  const { asked } = serve({ may: ["workspace.read", "service.read", "incident.read"] })
  openApp(PATH)

  expect(await screen.findByText(/2.messages sent about it, to you too/)).toBeVisible()
  expect(asked).toEqual([])
})

test("a message that was given up comes with what to do about it", async () => {
  serve({ messages: [makeMessage({ state: "given_up", last_error: "550 no such mailbox" })] })
  const { user } = openApp(PATH)

  expect(await screen.findByRole("note")).toHaveTextContent("1 message was given up")
  expect(screen.getByRole("link", { name: "Mend who is told" })).toHaveAttribute(
    "href",
    "/workspaces/w1/services/s1/edit",
  )
  await user.click(screen.getByRole("button", { name: /^Text for Sofia/ }))

  expect(await screen.findByText("550 no such mailbox")).toBeVisible()
})

test("an outage of which nobody was told says so, and why", async () => {
  const quiet = { quiet: "blocked by", blocked_by: "s9", told: 0, moments: [] } as const
  serve({ incident: makeIncidentInFull({ ...quiet, moments: [] }), messages: [] })
  openApp(PATH)

  expect(await screen.findByText(/something that it depends on is down/)).toBeVisible()
  expect(screen.getByRole("link", { name: "Look at that service" })).toHaveAttribute(
    "href",
    "/workspaces/w1?open=s9",
  )
  expect(await screen.findByText("Nobody was told of it.")).toBeVisible()
})

test("what is no longer kept is said, and the short reason stays", async () => {
  serve({ incident: makeIncidentInFull({ cause: null }) })
  openApp(PATH)

  const why = within(await screen.findByRole("region", { name: "Why" }))

  expect(why.getByText("503 instead of 200")).toBeVisible()
  expect(why.getByText(/no longer kept/)).toBeVisible()
})

test("of a deleted service nothing leads to it any more", async () => {
  serve({ incident: makeIncidentInFull({ service_is_deleted: true, resolution: "deleted" }) })
  openApp(PATH)
  await headline(/was down for/)

  expect(screen.queryByRole("link", { name: "Open Checkout API" })).toBeNull()
  expect(screen.getByText("It was deleted while it was down.")).toBeVisible()
})

test.each([
  ["is not there", () => problem(404, "not_found")],
  ["is of another workspace", () => HttpResponse.json(makeIncidentInFull({ workspace_id: "w2" }))],
])("an incident that %s is none", async (_, answer) => {
  serve()
  server.use(http.get(INCIDENT, answer))
  quietConsole()
  openApp(PATH)

  expect(await screen.findByText("There is no such incident, or it is not yours.")).toBeVisible()
  expect(screen.getByRole("link", { name: "Go to the services" })).toBeVisible()
})

test("an incident that does not load can be asked for again", async () => {
  serve()
  const detail = "The database does not answer. Try again in a minute."
  server.use(http.get(INCIDENT, () => problem(500, "internal", { detail }), { once: true }))
  quietConsole()
  const { user } = openApp(PATH)

  expect(await screen.findByText(detail)).toBeVisible()
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await headline(/was down for/)).toBeVisible()
})

test("names of those who were told stand in the story for who may read them", async () => {
  const owed_at = "2026-04-14T23:00:21Z"
  const told = { ...makeTold({ sent: 1 }), owed_at }
  const moments = [{ at: owed_at, what: "told" as const, told }]
  serve({
    incident: makeIncidentInFull({ moments }),
    messages: [makeMessage({ incident_id: "n1", created_at: owed_at, to_name: "Jonas Berg" })],
  })
  openApp(PATH)

  expect(await screen.findByText("Jonas Berg was told that it is down")).toBeVisible()
})

test("without a network the page does not claim that it still lasts", async () => {
  const open = makeIncidentInFull({ state: "open", ended_at: null, resolution: null })
  serve({ incident: open })
  openApp(PATH)
  await headline("Checkout API is down.")

  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false)
  act(() => void window.dispatchEvent(new Event("offline")))

  expect(await screen.findByText(/You are offline/)).toBeVisible()
  expect(screen.getByText("It lasted when this page last heard of it.")).toBeVisible()
  vi.restoreAllMocks()
  act(() => void window.dispatchEvent(new Event("online")))
})
