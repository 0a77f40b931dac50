import { QueryClientProvider } from "@tanstack/react-query"
import { createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router"
import { act, render, screen, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { HttpResponse, http } from "msw"
import { beforeEach, expect, test, vi } from "vitest"
import type { ServiceRow, Workspace } from "@/api"
import { createQueryClient } from "@/lib/query-client"
import { routeTree } from "@/route-tree.gen"
import { makeMe, makeService, makeServiceRow, makeWorkspace } from "@/testing/factories"
import { layOut } from "@/testing/layout"
import { server } from "@/testing/server"

layOut({ width: 560, height: 34 })

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

beforeEach(() => {
  const icon = document.createElement("link")
  icon.rel = "icon"
  icon.href = "/favicon.svg"
  document.head.replaceChildren(icon)
})

/** The server's side of the page, whose answers a test may change. */
function serve(over: { workspace?: Partial<Workspace>; services?: ServiceRow[] } = {}) {
  const state = {
    workspace: makeWorkspace(over.workspace),
    services: over.services ?? [makeServiceRow()],
  }
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(makeMe())),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail: true })),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(state.workspace)),
    http.get("/api/v1/workspaces/w1/services", ({ request }) => {
      const from = Number(new URL(request.url).searchParams.get("cursor") ?? 0)
      const next = from + 1 < state.services.length ? String(from + 1) : null
      return HttpResponse.json({ items: state.services.slice(from, from + 1), next_cursor: next })
    }),
    http.get("/api/v1/services/:id", () => HttpResponse.json(makeService())),
    http.get("/api/v1/services/:id/figures", () => HttpResponse.json({}, { status: 404 })),
  )
  return state
}

function open(path = "/workspaces/w1") {
  const queryClient = createQueryClient()
  const history = createMemoryHistory({ initialEntries: [path] })
  const router = createRouter({ routeTree, history, context: { queryClient } })
  render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  )
  return { user: userEvent.setup(), router }
}

/** The tab was not in view, and is again. */
const comeBack = () => act(() => document.dispatchEvent(new Event("visibilitychange")))

const favicon = () => document.querySelector('link[rel="icon"]')?.getAttribute("href")

test("every service is listed, from all pages of the answer", async () => {
  serve({
    services: ["Storefront", "Search", "Sign-in"].map((name) => makeServiceRow({ id: name, name })),
  })
  open()

  expect(await screen.findByRole("heading", { level: 1, name: "Nordlys Commerce" })).toBeVisible()
  expect(screen.getAllByRole("article").map((row) => row.getAttribute("aria-label"))).toEqual([
    "Storefront",
    "Search",
    "Sign-in",
  ])
  expect(screen.getByText("Days run in UTC")).toBeInTheDocument()
})

test("the tab tells the worst state by title and icon", async () => {
  const counts = { up: 3, degraded: 0, down: 1, unknown: 0, paused: 0, maintenance: 0 }
  serve({ workspace: { counts } })
  open()

  await screen.findByRole("heading", { level: 1 })
  expect(document.title).toBe("1 down · Nordlys Commerce · Allgreen")
  expect(favicon()).toBe("/favicon-down.svg")
})

test("a row opens in place, and the address says which", async () => {
  serve()
  const { user, router } = open()

  await user.click(await screen.findByRole("button", { name: "Details for Checkout API" }))

  expect(await screen.findByText("Correct means")).toBeInTheDocument()
  expect(router.state.location.search).toEqual({ open: "s1" })

  await user.click(screen.getByRole("button", { name: "Details for Checkout API" }))
  await vi.waitFor(() => expect(screen.queryByText("Correct means")).toBeNull())
})

test("an address with an open row shows it open", async () => {
  serve()
  open("/workspaces/w1?open=s1&range=30d")

  expect(await screen.findByText("Correct means")).toBeInTheDocument()
  expect(screen.getByRole("button", { name: /^30/ })).toHaveAttribute("aria-pressed", "true")
})

test("what is typed filters the list and stays in the address", async () => {
  serve({
    services: [
      makeServiceRow({ id: "a", name: "Search" }),
      makeServiceRow({ id: "b", name: "404" }),
    ],
  })
  const { user, router } = open()

  await user.type(await screen.findByRole("searchbox", { name: "Filter services" }), "404")

  await vi.waitFor(() => expect(screen.getAllByRole("article")).toHaveLength(1))
  expect(router.state.location.search).toEqual({ q: "404" })
})

test("an empty workspace says so and offers one action", async () => {
  serve({ services: [] })
  open()

  expect(await screen.findByRole("heading", { name: "Nothing is watched yet" })).toBeVisible()
  const actions = within(screen.getByRole("main")).getAllByRole("link", { name: "Watch a service" })
  expect(actions).toHaveLength(1)
})

test("a page that does not load can be asked for again", async () => {
  serve()
  const detail = "The database does not answer. Try again in a minute."
  server.use(
    http.get(
      "/api/v1/workspaces/w1",
      () => HttpResponse.json({ title: "", status: 500, code: "x", detail }, { status: 500 }),
      { once: true },
    ),
  )
  // The router reports what a loader throws; here it is thrown on purpose.
  vi.spyOn(console, "error").mockImplementation(() => {})
  vi.spyOn(console, "warn").mockImplementation(() => {})
  const { user } = open()

  expect(await screen.findByText(detail)).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await screen.findByRole("heading", { level: 1 })).toBeInTheDocument()
})

test("an event of the stream brings the new state", async () => {
  const state = serve()
  open()
  await screen.findByRole("img", { name: "Up" })

  state.services = [makeServiceRow({ health: "down", shown: "down", reason: "No answer" })]
  ScriptedEventSource.last?.say("hello")
  ScriptedEventSource.last?.say("change", { kind: "service", id: "s1", version: 2 })

  expect(await screen.findByRole("img", { name: "Down" })).toBeInTheDocument()
  // Where it stands, so that nothing moves; a tab that comes back is in order again.
  expect(screen.getByText("1 needs a look now")).toBeInTheDocument()
  comeBack()
  expect(screen.getByRole("heading", { name: "Needs a look" })).toBeInTheDocument()
})

test("what is typed in an open row stays when the service changes its group", async () => {
  const state = serve()
  const { user } = open("/workspaces/w1?open=s1")
  const period = await screen.findByLabelText("Check every")
  await user.clear(period)
  await user.type(period, "25")

  state.services = [makeServiceRow({ health: "down", shown: "down", reason: "No answer" })]
  ScriptedEventSource.last?.say("hello")
  ScriptedEventSource.last?.say("change", { kind: "service", id: "s1", version: 2 })
  await screen.findByText("1 needs a look now")
  comeBack()

  expect(await screen.findByRole("heading", { name: "Needs a look" })).toBeInTheDocument()
  expect(screen.getByLabelText("Check every")).toHaveValue("25")
  expect(screen.getByLabelText("Check every")).toHaveFocus()
})
