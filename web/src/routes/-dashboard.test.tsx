import { screen, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Dashboard, Me } from "@/api"
import { makeCard, makeDashboard, makeEvent } from "@/testing/dashboard"
import { makeMe, makeWorkspace } from "@/testing/factories"
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
const NORDLYS = makeCard()
const FJORD = makeCard({ id: "w2", name: "Fjord Labs", role: "observer" })
const [ME] = makeMe().workspaces as [Me["workspaces"][0]]
const INVITATION = {
  id: "i1",
  workspace_name: "Harbour Tools",
  invited_by: "Lena Haugen",
  role: "observer" as const,
  sent_at: "2026-04-13T08:00:00Z",
  expires_at: "2026-04-20T08:00:00Z",
}

function serve(scene: Partial<Dashboard> = {}) {
  const dashboard = makeDashboard({ workspaces: [NORDLYS, FJORD], ...scene })
  const inThem = dashboard.workspaces.map(({ id, name, role }) => ({ ...ME, id, name, role }))
  const state = { me: makeMe({ workspaces: inThem }), dashboard, asked: 0 }
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(state.me)),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail: true })),
    http.get("/api/v1/account/dashboard", () => {
      state.asked += 1
      return HttpResponse.json(state.dashboard)
    }),
    http.get("/api/v1/workspaces/:id", ({ params }) => {
      const id = String(params.id)
      const name = state.me.workspaces.find((one) => one.id === id)?.name ?? "New"
      return HttpResponse.json(makeWorkspace({ id, name }))
    }),
    http.get("/api/v1/workspaces/:id/services", () =>
      HttpResponse.json({ items: [], next_cursor: null }),
    ),
  )
  return state
}

const card = (name: string) =>
  screen.findByRole("link", { name: new RegExp(`${name} ?(Owner|Obs)`) })

test("the answer comes first, over all workspaces, and leads to what is down", async () => {
  const worst = { service_id: "s1", name: "Checkout API", health: "down", since: null } as const
  const state = serve({
    workspaces: [
      { ...NORDLYS, counts: { ...NONE, up: 4, down: 1 }, worst },
      { ...FJORD, counts: { ...NONE, up: 11 } },
    ],
  })
  openApp("/")

  expect(await screen.findByRole("heading", { level: 1 })).toHaveTextContent(
    "One service is down. Fifteen are green.",
  )
  const look = await screen.findByRole("link", { name: "Look at Checkout API" })
  expect(look).toHaveAttribute("href", "/workspaces/w1?open=s1")
  expect(state.asked).toBe(1)
})

test("of several outages the one that has lasted for longest is looked at first", async () => {
  const down = { service_id: "s1", name: "Search", health: "down" } as const
  serve({
    workspaces: [
      { ...NORDLYS, worst: { ...down, since: "2026-04-14T23:00:00Z" } },
      { ...FJORD, worst: { ...down, name: "Mail", since: "2026-04-14T22:00:00Z" } },
    ],
  })
  openApp("/")

  expect(await screen.findByRole("link", { name: "Look at Mail" })).toBeVisible()
})

test("every workspace has its card, with how it is", async () => {
  serve({
    workspaces: [
      { ...NORDLYS, members: 12, is_published: true },
      { ...FJORD, counts: { ...NONE, up: 11 }, uptime_pct: 99.96 },
    ],
  })
  openApp("/")

  expect(await card("Fjord Labs")).toHaveTextContent(/Observer99.96.%All 11 green.*No public page/)
  expect(await card("Nordlys Commerce")).toHaveTextContent(/\+11.*Public page/)
  expect(await card("Nordlys Commerce")).toHaveAttribute("href", "/workspaces/w1")
})

test("what happened lately stands below, and leads to its outage", async () => {
  const lasted_s = 4200
  serve({
    events: [makeEvent({ kind: "up", at: "2026-04-14T23:10:00Z", lasted_s }), makeEvent()],
  })
  openApp("/")

  const list = await screen.findByRole("list", { name: "Latest events" })
  const [ended, began] = within(list).getAllByRole("listitem")
  expect(ended).toHaveTextContent(/Checkout APIHolds again, after 1.h 10.minNordlys Commerce/)
  expect(began).toHaveTextContent("Answered 503 instead of 200")
  const link = within(list).getByRole("link", { name: "Answered 503 instead of 200" })
  expect(link).toHaveAttribute("href", "/workspaces/w1/incidents/n1")
})

test("a dashboard that does not come is asked for again by hand", async () => {
  serve()
  const detail = "The database does not answer."
  let isBroken = true
  server.use(
    http.get("/api/v1/account/dashboard", () =>
      isBroken ? problem(500, "internal", { detail }) : undefined,
    ),
  )
  const { user } = openApp("/")

  expect(await screen.findByText(detail)).toBeVisible()
  isBroken = false
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await card("Nordlys Commerce")).toBeVisible()
})

test("an invitation is accepted, and leads into the workspace", async () => {
  const state = serve({ invitations: [INVITATION] })
  server.use(
    http.post("/api/v1/account/invitations/i1/accept", () => {
      state.dashboard.invitations = []
      state.me = makeMe({ workspaces: [ME, { ...ME, id: "w3", name: "Harbour Tools" }] })
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
      state.dashboard.invitations = []
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = openApp("/")

  await user.click(await screen.findByRole("button", { name: "Decline" }))

  await vi.waitFor(() => expect(screen.queryByRole("button", { name: "Accept" })).toBeNull())
})

test("an offer to own a workspace is told to whom it is made, and to nobody else", async () => {
  const offer = { by: "Lena Haugen", to: "Sofia Lindqvist", until: "2026-04-20T08:00:00Z" }
  serve({
    workspaces: [
      { ...NORDLYS, offer: { ...offer, you: false } },
      { ...FJORD, offer: { ...offer, you: true } },
    ],
  })
  openApp("/")

  const told = await screen.findByRole("region", { name: "Offer of Fjord Labs" })
  expect(told).toHaveTextContent("Lena Haugen offers you to own Fjord Labs.")
  const link = within(told).getByRole("link", { name: "Look at the offer" })
  expect(link).toHaveAttribute("href", "/workspaces/w2")
  expect(screen.queryByRole("region", { name: "Offer of Nordlys Commerce" })).toBeNull()
})

test("a new workspace is made by its name, and opened", async () => {
  const state = serve()
  server.use(
    http.post("/api/v1/workspaces", async ({ request }) => {
      const { name } = (await request.json()) as { name: string }
      state.me = makeMe({ workspaces: [ME, { ...ME, id: "w9", name }] })
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
