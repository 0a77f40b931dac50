import { screen, waitFor, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { beforeEach, expect, test, vi } from "vitest"
import type { Preview, Service } from "@/api"
import {
  makeMe,
  makeService,
  makeServiceRow,
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

const SOFIA = makeMe().id
const PEOPLE = [
  { account_id: SOFIA, name: "Sofia Lindqvist", email: null, you: true },
  { account_id: "a2", name: "Jonas Berg", email: null, you: false },
]
const PREVIEW: Preview = {
  outcome: "ok",
  latency_ms: 187,
  phases: { dns_ms: 12, connect_ms: 24, tls_ms: 38, first_byte_ms: 110, body_ms: 3 },
  answers_within_ms: null,
  explanations: [{ operand: "Status", actual: "200", expected: "200", holds: true }],
  failure: null,
  body_excerpt: '{"db": {"state": "ready"}}',
  certificate_days: 61,
  http_status: 200,
}

/** Everything the server was asked to do, in order. */
let asked: { what: string; body: unknown; version: string | null }[] = []

function answer(what: string, reply: () => Response) {
  return async ({ request }: { request: Request }) => {
    const body = await request.json()
    asked.push({ what, body, version: request.headers.get("If-Match") })
    return reply()
  }
}

beforeEach(() => {
  asked = []
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(makeMe())),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail: true, min_interval_s: 60 })),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(makeWorkspace())),
    http.get("/api/v1/workspaces/w1/services", () =>
      HttpResponse.json({ items: [makeServiceRow()], next_cursor: null }),
    ),
    http.get("/api/v1/workspaces/w1/people", () => HttpResponse.json({ items: PEOPLE })),
    http.get("/api/v1/services/s1", () => HttpResponse.json(makeService())),
    http.get("/api/v1/services/s1/figures", () => problem(404, "not_found")),
    http.post(
      "/api/v1/workspaces/w1/preview",
      answer("try", () => HttpResponse.json(PREVIEW)),
    ),
    http.post(
      "/api/v1/workspaces/w1/services",
      answer("create", () => HttpResponse.json(makeService(), { status: 201 })),
    ),
    http.patch(
      "/api/v1/services/s1",
      answer("edit", () => HttpResponse.json(makeService({ version: 2 }))),
    ),
  )
})

const NEW = "/workspaces/w1/services/new"
const EDIT = "/workspaces/w1/services/s1/edit"
const field = (name: string) => screen.findByRole("textbox", { name })
const press = (name: string) => screen.findByRole("button", { name })
const sent = (what: string) => asked.filter((one) => one.what === what)

test("a name and an address make a service, and its row opens", async () => {
  const { user, router } = openApp(NEW)

  await user.type(await field("Name"), "Orders API")
  await user.type(await field("Request"), "https://api.nordlys.example/orders")
  await user.click(await press("Start watching"))

  await waitFor(() => expect(router.state.location.href).toBe("/workspaces/w1?open=s1"))
  expect(sent("create")[0]?.body).toMatchObject({
    name: "Orders API",
    period: { every: 15, unit: "minutes" },
    recipients: [{ account_id: SOFIA }],
    checks: [
      {
        method: "GET",
        url: "https://api.nordlys.example/orders",
        confirm_down: 3,
        expectations: { status: "200", certificate_days: 14, answers_within_ms: null },
      },
    ],
  })
})

test("a check without a form is shown, and the rest of its service can be edited", async () => {
  const [check] = makeService().checks
  if (check?.kind !== "http") throw new Error("the factory makes a service with one HTTP check")
  const { id, expectations, timeout_ms, confirm_down, confirm_up, upside_down } = check
  const common = { id, expectations, timeout_ms, confirm_down, confirm_up, upside_down }
  const lookUp = { kind: "dns", name: "nordlys.example", record_type: "MX", server: null } as const
  const service = makeService({ checks: [{ ...common, ...lookUp }] })
  server.use(http.get("/api/v1/services/s1", () => HttpResponse.json(service)))
  const { user } = openApp(EDIT)

  expect(await screen.findByText("DNS MX nordlys.example")).toBeInTheDocument()
  expect(screen.queryByRole("textbox", { name: "Request" })).not.toBeInTheDocument()
  await user.clear(await field("Name"))
  await user.type(await field("Name"), "Mail")
  await user.click(await press("Save"))

  await waitFor(() => expect(sent("edit")).toHaveLength(1))
  expect(sent("edit")[0]?.body).toEqual({ name: "Mail" })
})

test("mistakes are told beside their fields, counted, and nothing is sent", async () => {
  const { user } = openApp(NEW)

  await user.type(await field("Request"), "api.nordlys.example")
  await user.click(await press("Start watching"))

  expect(await field("Name")).toHaveAccessibleDescription("Give it a name that you know at 03:00.")
  expect(await field("Name")).toHaveFocus()
  expect(await field("Request")).toHaveAccessibleDescription("Start with https:// or http://.")
  expect(screen.getByText("Two things to fix before saving")).toBeInTheDocument()
  expect(sent("create")).toEqual([])
})

test("a mistake goes away as it is mended", async () => {
  const { user } = openApp(NEW)
  await user.click(await press("Start watching"))

  await user.type(await field("Name"), "Orders API")

  expect(await field("Name")).toBeValid()
  expect(screen.getByText("One thing to fix before saving")).toBeInTheDocument()
})

test("what the server refuses is told beside its field, which takes the focus", async () => {
  const message = "This host name does not exist. Check its spelling."
  const errors = [{ field: "checks.0.url", code: "url", message }]
  server.use(http.post("/api/v1/workspaces/w1/services", () => problem(422, "invalid", { errors })))
  const { user } = openApp(NEW)

  await user.type(await field("Name"), "Orders API")
  await user.type(await field("Request"), "https://nowhere.example/")
  await user.click(await press("Start watching"))

  await waitFor(async () => expect(await field("Request")).toHaveAccessibleDescription(message))
  expect(await field("Request")).toHaveFocus()
  expect(await press("Start watching")).toBeEnabled()
})

test("a refusal without a field is told at the end of the form", async () => {
  const detail = "The disk of the server is full. Make room on it, then try again."
  server.use(
    http.post("/api/v1/workspaces/w1/services", () => problem(507, "storage_full", { detail })),
  )
  const { user } = openApp(NEW)

  await user.type(await field("Name"), "Orders API")
  await user.type(await field("Request"), "https://api.nordlys.example/")
  await user.click(await press("Start watching"))

  expect(await screen.findByText(detail)).toBeInTheDocument()
})

test("a session that ended meanwhile costs nothing that was typed", async () => {
  server.use(http.post("/api/v1/workspaces/w1/services", () => problem(401, "not_signed_in")))
  const { user } = openApp(NEW)

  await user.type(await field("Name"), "Orders API")
  await user.type(await field("Request"), "https://api.nordlys.example/")
  await user.click(await press("Start watching"))

  expect(await screen.findByText(/Sign in, then save once more/)).toBeInTheDocument()
  expect(await field("Name")).toHaveValue("Orders API")
})

test("only what was changed is sent, with the version that was shown", async () => {
  const { user, router } = openApp(EDIT)
  const name = await field("Name")

  await user.clear(name)
  await user.type(name, "Checkout")
  await user.click(await press("Save"))

  await waitFor(() => expect(router.state.location.href).toBe("/workspaces/w1?open=s1"))
  expect(sent("edit")).toEqual([{ what: "edit", body: { name: "Checkout" }, version: '"1"' }])
})

test("a form that nobody touched sends nothing", async () => {
  const { user, router } = openApp(EDIT)

  await user.click(await press("Save"))

  await waitFor(() => expect(router.state.location.href).toBe("/workspaces/w1?open=s1"))
  expect(sent("edit")).toEqual([])
})

test("somebody else's change in between is told, and kept", async () => {
  const detail = "Somebody changed this service meanwhile. Reload to see it."
  server.use(http.patch("/api/v1/services/s1", () => problem(412, "version_conflict", { detail })))
  const { user } = openApp(EDIT)

  await user.type(await field("Name"), " 2")
  await user.click(await press("Save"))

  expect(await screen.findByText(detail)).toBeInTheDocument()
  expect(await field("Name")).toHaveValue("Checkout API 2")
})

test("leaving a field tries the check, and says what it found", async () => {
  const { user } = openApp(NEW)
  await screen.findByRole("complementary", { name: "Try it" })

  await user.type(await field("Request"), "https://api.nordlys.example/")
  await user.tab()

  const aside = await screen.findByRole("complementary", { name: "Try it" })
  expect(await within(aside).findByText("Would pass")).toBeInTheDocument()
  expect(await within(aside).findByText("DNS 12 · connect 24 · TLS 38 · answer 113")).toBeVisible()
  expect(within(aside).getByText("Status is 200")).toBeVisible()
  expect(within(aside).getByText('{"db": {"state": "ready"}}')).toBeVisible()
  expect(sent("try")).toHaveLength(1)
})

test("a request that may change something is tried by the button alone", async () => {
  const { user } = openApp(NEW)

  await user.selectOptions(await screen.findByRole("combobox", { name: "Method" }), "POST")
  await user.type(await field("Request"), "https://api.nordlys.example/")
  await user.tab()
  await user.tab()
  expect(sent("try")).toEqual([])
  await user.click(await press("Try it"))

  expect(await screen.findByText("Would pass")).toBeInTheDocument()
  expect(sent("try")).toHaveLength(1)
})

test("what a target sends is only ever text", async () => {
  const body_excerpt = "<img src=x onerror=alert(1)><script>alert(2)</script>"
  server.use(
    http.post("/api/v1/workspaces/w1/preview", () =>
      HttpResponse.json({ ...PREVIEW, body_excerpt }),
    ),
  )
  const { user } = openApp(NEW)
  await screen.findByRole("complementary", { name: "Try it" })

  await user.type(await field("Request"), "https://api.nordlys.example/")
  await user.tab()

  expect(await screen.findByText(body_excerpt)).toBeInTheDocument()
  expect(document.querySelector("img[src='x'], pre script")).toBeNull()
})

test("an address that may not be asked is told where it is tried", async () => {
  const message = "This address is inside our own network."
  const errors = [{ field: "url", code: "blocked", message }]
  server.use(http.post("/api/v1/workspaces/w1/preview", () => problem(422, "invalid", { errors })))
  const { user } = openApp(NEW)
  await screen.findByRole("complementary", { name: "Try it" })

  await user.type(await field("Request"), "http://10.0.0.1/")
  await user.tab()

  expect(await screen.findByText(message)).toBeInTheDocument()
  expect(screen.getByText("Could not be tried")).toBeInTheDocument()
})

test("another address joins the list, ticked, and is told", async () => {
  const { user } = openApp(EDIT)

  await user.type(await field("Another email"), "oncall@nordlys.example{Enter}")
  expect(screen.getByRole("checkbox", { name: /oncall@nordlys.example/ })).toBeChecked()
  await user.click(await press("Save"))

  await waitFor(() => expect(sent("edit")).toHaveLength(1))
  expect(sent("edit")[0]?.body).toEqual({
    recipients: [{ account_id: SOFIA }, { email: "oncall@nordlys.example" }],
  })
})

test("an address that is on the list already is not added again", async () => {
  const { user } = openApp(NEW)

  await user.type(await field("Another email"), "oncall@nordlys.example{Enter}")
  await user.type(await field("Another email"), "OnCall@nordlys.example{Enter}")

  expect(await field("Another email")).toHaveAccessibleDescription(
    "This address is on the list already.",
  )
  expect(screen.getAllByRole("checkbox", { name: /oncall/i })).toHaveLength(1)
})

test("a JSON rule can be added and removed by keyboard", async () => {
  const { user } = openApp(NEW)

  ;(await press("Add a value")).focus()
  await user.keyboard("{Enter}")
  expect(await field("Path of value 1")).toHaveFocus()
  ;(await press("Remove value 1")).focus()
  await user.keyboard("{Enter}")

  expect(screen.queryByRole("textbox", { name: "Path of value 1" })).not.toBeInTheDocument()
})

test("the period says how many checks it makes", async () => {
  const { user } = openApp(NEW)

  await user.selectOptions(await screen.findByRole("combobox", { name: "Unit" }), "hours")

  expect(
    screen.getByText(/^1.check a day\. The first one runs as soon as you save\.$/),
  ).toBeVisible()
})

test("who may only look finds no form", async () => {
  const may = PERMISSIONS.filter((permission) => permission !== "service.write")
  const service: Service = makeService({ may })
  server.use(http.get("/api/v1/services/s1", () => HttpResponse.json(service)))

  openApp(EDIT)

  expect(await screen.findByText(/You may look at this service/)).toBeInTheDocument()
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument()
})

test("a service that is not there is told as that", async () => {
  server.use(http.get("/api/v1/services/s1", () => problem(404, "not_found")))

  openApp(EDIT)

  expect(await screen.findByRole("heading", { name: "Nothing at this address" })).toBeVisible()
})

test("a page that cannot be loaded can be tried again", async () => {
  const refuse = http.get("/api/v1/workspaces/w1/people", () =>
    problem(500, "internal", { detail: "The server met an error of its own." }),
  )
  server.use(refuse)
  const { user } = openApp(NEW)
  expect(await screen.findByText("The server met an error of its own.")).toBeVisible()

  server.use(http.get("/api/v1/workspaces/w1/people", () => HttpResponse.json({ items: PEOPLE })))
  await user.click(await press("Try again"))

  expect(await field("Name")).toBeVisible()
})

test("what is changed during a try is tried after it", async () => {
  const answers: (() => void)[] = []
  server.use(
    http.post("/api/v1/workspaces/w1/preview", async ({ request }) => {
      asked.push({ what: "try", body: await request.json(), version: null })
      await new Promise<void>((resolve) => answers.push(resolve))
      return HttpResponse.json(PREVIEW)
    }),
  )
  const { user } = openApp(NEW)
  await user.type(await field("Request"), "https://api.nordlys.example/")
  await screen.findByRole("complementary", { name: "Try it" })
  await user.tab()
  await waitFor(() => expect(answers).toHaveLength(1))

  await user.type(await field("Status"), ", 204")
  await user.tab()
  expect(sent("try")).toHaveLength(1)
  answers[0]?.()

  await waitFor(() => expect(sent("try")).toHaveLength(2))
  expect(sent("try")[1]?.body).toMatchObject({ expectations: { status: "200, 204" } })
  answers[1]?.()
})

test("leaving asks before it throws away what was typed", async () => {
  const { user, router } = openApp(EDIT)
  await user.type(await field("Name"), " 2")

  await user.click(screen.getByRole("link", { name: "Cancel" }))
  const question = await screen.findByRole("dialog", { name: "Leave without saving?" })
  await user.click(within(question).getByRole("button", { name: "Stay" }))
  expect(await field("Name")).toHaveValue("Checkout API 2")
  await user.click(screen.getByRole("link", { name: "Cancel" }))
  await user.click(await press("Leave"))

  await waitFor(() => expect(router.state.location.href).toBe("/workspaces/w1?open=s1"))
  expect(sent("edit")).toEqual([])
})

test("leaving a form that nobody touched asks nothing", async () => {
  const { user, router } = openApp(EDIT)

  await user.click(await screen.findByRole("link", { name: "Cancel" }))

  await waitFor(() => expect(router.state.location.href).toBe("/workspaces/w1?open=s1"))
})
