import { act, screen, waitFor, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { StatusPage, Workspace } from "@/api"
import { makeDashboard } from "@/testing/dashboard"
import {
  makeMe,
  makeMember,
  makeServiceRow,
  makeStatusPage,
  makeWorkspace,
  PERMISSIONS,
} from "@/testing/factories"
import { openApp } from "@/testing/open-app"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

vi.stubGlobal(
  "EventSource",
  class extends EventTarget {
    close() {}
  },
)

const OWNER = [
  ...PERMISSIONS,
  "workspace.transfer",
  "workspace.delete",
  "audit.read",
  "status_page.edit",
  "status_page.publish",
]
const JONAS = makeMember({ account_id: "a2", name: "Jonas Berg", role: "admin", you: false })

function serve(over: Partial<Workspace> = {}) {
  const state = { workspace: makeWorkspace({ may: OWNER, ...over }), me: makeMe() }
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(state.me)),
    http.get("/api/v1/instance", () =>
      HttpResponse.json({ mail: true, public_url: "http://allgreen.test" }),
    ),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(state.workspace)),
    http.get("/api/v1/workspaces/w1/members", () =>
      HttpResponse.json({ items: [makeMember(), JONAS] }),
    ),
    http.get("/api/v1/account/dashboard", () =>
      HttpResponse.json(makeDashboard({ workspaces: [] })),
    ),
  )
  return state
}

test("a new name stands everywhere at once, and goes when the server refuses", async () => {
  serve()
  const errors = [{ field: "name", code: "long", message: "Use at most 100 characters." }]
  server.use(http.patch("/api/v1/workspaces/w1", () => problem(422, "invalid", { errors })))
  const { user } = openApp("/workspaces/w1/settings")
  const name = await screen.findByLabelText("Name")

  await user.clear(name)
  await user.type(name, "Nordlys{Enter}")

  await waitFor(() => expect(name).toHaveAccessibleDescription("Use at most 100 characters."))
  expect(name).toHaveFocus()
  expect(
    screen.getByRole("button", { name: /^Nordlys Commerce|^N ?Nordlys Commerce/ }),
  ).toBeVisible()
})

test("a new name is taken back by Undo, also in its field", async () => {
  const state = serve()
  server.use(
    http.patch("/api/v1/workspaces/w1", async ({ request }) => {
      state.workspace = { ...state.workspace, ...((await request.json()) as object) }
      state.me.workspaces[0] = { ...state.me.workspaces[0], name: state.workspace.name } as never
      return HttpResponse.json(state.workspace)
    }),
  )
  const { user } = openApp("/workspaces/w1/settings")
  const name = await screen.findByLabelText("Name")
  await user.clear(name)
  await user.type(name, "Nordlys{Enter}")
  const toast = await screen.findByText("Nordlys is saved")

  await user.click(within(toast.parentElement as HTMLElement).getByRole("button", { name: "Undo" }))

  expect(await screen.findByText("Nordlys Commerce is saved")).toBeVisible()
  expect(state.workspace.name).toBe("Nordlys Commerce")
  expect(screen.getByLabelText("Name")).toHaveValue("Nordlys Commerce")
})

test("a name that somebody else gave meanwhile is shown, and not written over", async () => {
  serve()
  const sent = vi.fn()
  server.use(
    http.patch("/api/v1/workspaces/w1", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeWorkspace({ may: OWNER, name: "Harbour" }))
    }),
  )
  const { user, queryClient } = openApp("/workspaces/w1/settings")
  const name = await screen.findByLabelText("Name")

  act(() => {
    queryClient.setQueryData(["workspace", "w1"], makeWorkspace({ may: OWNER, name: "Harbour" }))
  })
  await waitFor(() => expect(name).toHaveValue("Harbour"))
  await user.selectOptions(screen.getByLabelText("Time zone"), "Europe/Oslo")
  await user.click(screen.getByRole("button", { name: "Save" }))

  await waitFor(() => expect(sent).toHaveBeenCalledExactlyOnceWith({ time_zone: "Europe/Oslo" }))
})

test("only what was changed is sent", async () => {
  serve()
  const sent = vi.fn()
  server.use(
    http.patch("/api/v1/workspaces/w1", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeWorkspace({ may: OWNER, name: "Nordlys" }))
    }),
  )
  const { user } = openApp("/workspaces/w1/settings")
  const name = await screen.findByLabelText("Name")

  await user.clear(name)
  await user.type(name, "Nordlys")
  await user.click(screen.getByRole("button", { name: "Save" }))

  expect(await screen.findByText("Nordlys is saved")).toBeVisible()
  expect(sent).toHaveBeenCalledExactlyOnceWith({ name: "Nordlys" })
})

test("a workspace is deleted by its name, and the reader goes to all of them", async () => {
  const state = serve()
  server.use(
    http.delete("/api/v1/workspaces/w1", () => {
      state.me = makeMe({ workspaces: [] })
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, router } = openApp("/workspaces/w1/settings")

  await user.click(await screen.findByRole("button", { name: "Delete workspace…" }))
  await user.type(screen.getByLabelText(/^Type/), "Nordlys Commerce{Enter}")

  expect(await screen.findByRole("heading", { name: "You are in no workspace" })).toBeVisible()
  expect(router.state.location.pathname).toBe("/")
})

test("the only owner cannot leave, and is told how to", async () => {
  serve()
  openApp("/workspaces/w1/settings")

  expect(await screen.findByText(/^You are its only owner/)).toBeVisible()
  expect(screen.queryByRole("button", { name: "Leave…" })).toBeNull()
})

test("an offer that waits can be withdrawn", async () => {
  const offer = {
    by: "Sofia Lindqvist",
    to: "Jonas Berg",
    until: "2026-04-21T08:00:00Z",
    you: false,
  }
  const state = serve({ offer })
  server.use(
    http.delete("/api/v1/workspaces/w1/transfer", () => {
      state.workspace = makeWorkspace({ may: OWNER })
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = openApp("/workspaces/w1/settings")

  await user.click(await screen.findByRole("button", { name: "Withdraw the offer" }))

  expect(await screen.findByRole("button", { name: "Transfer…" })).toBeVisible()
})

test("observers find the way out, and nothing to change", async () => {
  serve({ role: "observer", may: ["workspace.read", "workspace.leave", "member.read"] })
  openApp("/workspaces/w1/settings")

  expect(await screen.findByRole("button", { name: "Leave…" })).toBeVisible()
  expect(screen.queryByLabelText("Name")).toBeNull()
  expect(screen.queryByRole("link", { name: "History" })).toBeNull()
})

// Keys and history ----------------------------------------------------------------------------

const KEY = {
  id: "k1",
  name: "Deploy script",
  hint: "9f3a",
  scope: "read",
  maker: { account_id: "a1", name: "Sofia Lindqvist", you: true },
  created_at: "2026-04-01T08:00:00Z",
  expires_at: null,
  last_used_at: null,
}

test("a key is shown once, when it is made", async () => {
  serve()
  const keys: object[] = []
  server.use(
    http.get("/api/v1/workspaces/w1/keys", () => HttpResponse.json({ items: keys })),
    http.post("/api/v1/workspaces/w1/keys", async ({ request }) => {
      expect(await request.json()).toEqual({
        name: "Deploy script",
        scope: "read",
        expires_in_days: 90,
      })
      keys.push(KEY)
      return HttpResponse.json({ ...KEY, key: "alg_secret" }, { status: 201 })
    }),
  )
  const { user } = openApp("/workspaces/w1/keys")
  expect(await screen.findByText("There is no key yet.")).toBeVisible()

  await user.type(screen.getByLabelText("What it is for"), "Deploy script{Enter}")

  expect(await screen.findByLabelText("Key")).toHaveValue("alg_secret")
  expect(screen.getByText("Read, never used, until it is revoked")).toBeVisible()
})

test("the history is filtered by the address", async () => {
  serve()
  const asked: string[] = []
  const line = (id: string, summary: string) => ({
    id,
    at: "2026-04-14T23:00:00Z",
    who: { account_id: "a2", name: "Jonas Berg" },
    action: "service.paused",
    summary,
    service_id: "s1",
    service_name: "Checkout API",
    before: {},
    after: {},
  })
  server.use(
    http.get("/api/v1/workspaces/w1/services", () =>
      HttpResponse.json({ items: [makeServiceRow()], next_cursor: null }),
    ),
    http.get("/api/v1/workspaces/w1/audit", ({ request }) => {
      const { searchParams } = new URL(request.url)
      asked.push(searchParams.get("person") ?? "")
      const items = searchParams.get("cursor")
        ? [line("2", "resumed it")]
        : [line("1", "paused it")]
      return HttpResponse.json({ items, next_cursor: searchParams.get("cursor") ? null : "1" })
    }),
  )
  const { user, router } = openApp("/workspaces/w1/audit")
  expect(await screen.findByRole("list", { name: "History" })).toHaveTextContent(
    "Jonas Berg paused it · Checkout API",
  )

  await user.click(screen.getByRole("button", { name: "Show older lines" }))
  expect(await screen.findByText(/resumed it/)).toBeVisible()
  await user.selectOptions(screen.getByLabelText("By"), "Jonas Berg")

  await waitFor(() => expect(asked).toContain("a2"))
  expect(router.state.location.search).toEqual({ person: "a2" })
})

// Status page ---------------------------------------------------------------------------------

function servePage(first: StatusPage) {
  const state = { page: first, sent: [] as unknown[] }
  server.use(
    http.get("/api/v1/workspaces/w1/services", () =>
      HttpResponse.json({ items: [makeServiceRow()], next_cursor: null }),
    ),
    http.get("/api/v1/workspaces/w1/status-page", () => HttpResponse.json(state.page)),
    http.patch("/api/v1/workspaces/w1/status-page", async ({ request }) => {
      if (request.headers.get("If-Match") !== `"${state.page.version}"`) {
        return problem(412, "version_conflict", { detail: "Someone else changed this." })
      }
      const change = (await request.json()) as Partial<StatusPage>
      state.sent.push(change)
      state.page = { ...state.page, ...change, version: state.page.version + 1 }
      return HttpResponse.json(state.page)
    }),
  )
  return state
}

test("publishing takes the name that is proposed, and leads to the page", async () => {
  serve()
  const state = servePage(makeStatusPage({ slug: null, address: null, suggested_slug: "nordlys" }))
  const { user } = openApp("/workspaces/w1/status-page")
  expect(
    await screen.findByText("It will stand at http://allgreen.test/status/nordlys."),
  ).toBeVisible()

  await user.click(screen.getByRole("button", { name: "Publish" }))

  expect(await screen.findByRole("link", { name: /status\/nordlys/ })).toHaveAttribute(
    "href",
    "http://allgreen.test/status/nordlys",
  )
  expect(state.sent).toEqual([{ is_published: true, slug: "nordlys" }])
})

test("a change of somebody else is not written over, but read anew", async () => {
  serve()
  const state = servePage(makeStatusPage())
  const { user } = openApp("/workspaces/w1/status-page")
  const title = await screen.findByLabelText("Title")
  state.page = makeStatusPage({ version: 2, title: "Theirs" })

  await user.clear(title)
  await user.type(title, "Mine{Enter}")
  expect(await screen.findByText("Someone else changed this.")).toBeVisible()
  await user.click(screen.getByRole("button", { name: "Reload" }))

  await waitFor(() => expect(screen.getByLabelText("Title")).toHaveValue("Theirs"))
  expect(state.sent).toEqual([])
})

test("which services it shows is ticked, and none is no choice", async () => {
  serve()
  const state = servePage(makeStatusPage())
  const { user } = openApp("/workspaces/w1/status-page")

  await user.click(await screen.findByLabelText("Only these"))
  await user.click(screen.getByLabelText("Checkout API"))
  await user.click(screen.getByRole("button", { name: "Save" }))
  expect(await screen.findByText("Tick a service, or show them all.")).toBeVisible()
  await user.click(screen.getByLabelText("Checkout API"))
  await user.click(screen.getByRole("button", { name: "Save" }))

  await waitFor(() => expect(state.sent).toEqual([{ service_ids: ["s1"] }]))
})

test("admins change what it says, and not where it stands", async () => {
  serve({ role: "admin", may: ["workspace.read", "status_page.read", "status_page.edit"] })
  servePage(makeStatusPage({ is_published: true }))
  openApp("/workspaces/w1/status-page")

  expect(await screen.findByLabelText("Title")).toBeVisible()
  expect(screen.queryByLabelText("Address")).toBeNull()
  expect(screen.queryByRole("button", { name: "Unpublish…" })).toBeNull()
  expect(screen.getByRole("link", { name: /^Preview/ })).toBeVisible()
})
