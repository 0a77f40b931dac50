import { screen, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Incident, Me, Workspace } from "@/api"
import { makeIncident, makeMe, makeStatusPage, makeWorkspace } from "@/testing/factories"
import { openApp } from "@/testing/open-app"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

vi.stubGlobal(
  "EventSource",
  class extends EventTarget {
    close() {}
  },
)

const NONE = { up: 0, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0 }
const [NORDLYS] = makeMe().workspaces as [Me["workspaces"][0]]
const FJORD = { ...NORDLYS, id: "w2", name: "Fjord Labs", role: "observer" as const }
const INVITATION = {
  id: "i1",
  workspace_name: "Harbour Tools",
  invited_by: "Lena Haugen",
  role: "observer",
  sent_at: "2026-04-13T08:00:00Z",
  expires_at: "2026-04-20T08:00:00Z",
}

type Scene = {
  workspaces?: Me["workspaces"]
  figures?: Record<string, Partial<Workspace>>
  incidents?: Record<string, Incident[]>
  invitations?: object[]
  deleted?: object[]
}

function serve(scene: Scene = {}) {
  const { workspaces = [NORDLYS, FJORD], figures = {}, incidents = {} } = scene
  const state = { me: makeMe({ workspaces }), invitations: scene.invitations ?? [] }
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(state.me)),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail: true })),
    http.get("/api/v1/account/invitations", () => HttpResponse.json({ items: state.invitations })),
    http.get("/api/v1/account/deleted-workspaces", () =>
      HttpResponse.json({ items: scene.deleted ?? [] }),
    ),
    http.get("/api/v1/workspaces/:id", ({ params }) => {
      const id = String(params.id)
      const name = workspaces.find((one) => one.id === id)?.name ?? "New"
      return HttpResponse.json(makeWorkspace({ id, name, ...figures[id] }))
    }),
    http.get("/api/v1/workspaces/:id/incidents", ({ params }) =>
      HttpResponse.json({ items: incidents[String(params.id)] ?? [], next_cursor: null }),
    ),
    http.get("/api/v1/workspaces/:id/status-page", () => HttpResponse.json(makeStatusPage())),
    http.get("/api/v1/workspaces/:id/services", () =>
      HttpResponse.json({ items: [], next_cursor: null }),
    ),
  )
  return state
}

const card = (name: string) =>
  screen.findByRole("link", { name: new RegExp(`${name} ?(Owner|Obs)`) })

test("the answer comes first, over all workspaces, and leads to what is down", async () => {
  serve({
    figures: { w1: { counts: { ...NONE, up: 4, down: 1 } }, w2: { counts: { ...NONE, up: 11 } } },
    incidents: { w1: [makeIncident()] },
  })
  openApp("/")

  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent(
    "One service is down. Fifteen are green.",
  )
  const look = await screen.findByRole("link", { name: "Look at Checkout API" })
  expect(look).toHaveAttribute("href", "/workspaces/w1?open=s1")
})

test("every workspace has its card, with how it is", async () => {
  serve({ figures: { w2: { counts: { ...NONE, up: 11 }, uptime_pct: 99.96 } } })
  openApp("/")

  expect(await card("Fjord Labs")).toHaveTextContent(/Observer99.96.%All 11 green/)
  expect(await card("Nordlys Commerce")).toHaveAttribute("href", "/workspaces/w1")
})

test("a workspace that does not answer leaves the others as they are", async () => {
  serve()
  const detail = "The database does not answer."
  let isBroken = true
  server.use(
    http.get("/api/v1/workspaces/w2", () =>
      isBroken ? problem(500, "internal", { detail }) : undefined,
    ),
  )
  const { user } = openApp("/")

  expect(await screen.findByText(detail)).toBeVisible()
  expect(await card("Nordlys Commerce")).toBeVisible()
  isBroken = false
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await card("Fjord Labs")).toBeVisible()
})

test("an invitation is accepted, and leads into the workspace", async () => {
  const state = serve({ invitations: [INVITATION] })
  server.use(
    http.post("/api/v1/account/invitations/i1/accept", () => {
      state.invitations = []
      state.me = makeMe({ workspaces: [NORDLYS, { ...FJORD, id: "w3", name: "Harbour Tools" }] })
      return HttpResponse.json({ workspace_id: "w3" })
    }),
  )
  const { user, router } = openApp("/")
  const waiting = await screen.findByRole("region", { name: "Invitation to Harbour Tools" })
  expect(waiting).toHaveTextContent("Lena Haugen invites you to Harbour Tools as an observer.")

  await user.click(within(waiting).getByRole("button", { name: "Accept" }))

  await vi.waitFor(() => expect(router.state.location.pathname).toBe("/workspaces/w3"))
})

test("an invitation that is declined goes", async () => {
  const state = serve({ invitations: [INVITATION] })
  server.use(
    http.post("/api/v1/account/invitations/i1/decline", () => {
      state.invitations = []
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = openApp("/")

  await user.click(await screen.findByRole("button", { name: "Decline" }))

  await vi.waitFor(() => expect(screen.queryByRole("button", { name: "Accept" })).toBeNull())
})

test("a new workspace is made by its name, and opened", async () => {
  const state = serve()
  server.use(
    http.post("/api/v1/workspaces", async ({ request }) => {
      const { name } = (await request.json()) as { name: string }
      state.me = makeMe({ workspaces: [NORDLYS, { ...FJORD, id: "w9", name }] })
      return HttpResponse.json(makeWorkspace({ id: "w9", name }), { status: 201 })
    }),
  )
  const { user, router } = openApp("/")
  const name = await screen.findByLabelText("New workspace")

  await user.click(screen.getByRole("button", { name: "Create" }))
  expect(name).toHaveAccessibleDescription("Name it after a product or a team.")
  await user.type(name, "Weekend things{Enter}")

  await vi.waitFor(() => expect(router.state.location.pathname).toBe("/workspaces/w9"))
})

test("a deleted workspace can be had back", async () => {
  const deleted = [
    {
      id: "w4",
      name: "Old shop",
      deleted_at: "2026-04-13T08:00:00Z",
      until: "2026-04-20T08:00:00Z",
    },
  ]
  serve({ deleted })
  server.use(
    http.post("/api/v1/workspaces/w4/restore", () => {
      deleted.length = 0
      return HttpResponse.json(makeWorkspace({ id: "w4", name: "Old shop" }))
    }),
  )
  const { user } = openApp("/")

  await user.click(await screen.findByRole("button", { name: "Have it back: Old shop" }))

  expect(await screen.findByText("Old shop is back")).toBeVisible()
  await vi.waitFor(() => expect(screen.queryByRole("heading", { name: "Deleted" })).toBeNull())
})

test("who is in no workspace is told how to get into one", async () => {
  serve({ workspaces: [] })
  openApp("/")

  expect(await screen.findByRole("heading", { name: "You are in no workspace" })).toBeVisible()
  expect(screen.getByLabelText("New workspace")).toBeVisible()
})
