import { screen, waitFor, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Figures, Problem, Service } from "@/api"
import { Toaster } from "@/components/ui/toast"
import { makeMe, makeService } from "@/testing/factories"
import { layOut } from "@/testing/layout"
import { renderPage } from "@/testing/render"
import { server } from "@/testing/server"
import { ServiceDetail } from "./service-detail"

layOut({ width: 700, height: 220 })

const hour = (n: number) => new Date(Date.UTC(2026, 3, 14, n)).toISOString()

const makeFigures = (over: Partial<Figures> = {}): Figures => ({
  range: "7d",
  from: hour(0),
  to: hour(12),
  zone: "UTC",
  bucket_s: 3600,
  limit_ms: 800,
  uptime_pct: 99.98,
  buckets: Array.from({ length: 12 }, (_, n) => ({
    at: hour(n),
    p50_ms: 180,
    p95_ms: 260,
    checks: 12,
    failed: 0,
    down_s: 0,
  })),
  outages: [],
  incidents: [],
  changes: [],
  ...over,
})

const problem = (status: number, over: Partial<Problem> = {}) =>
  HttpResponse.json(
    { type: "about:blank", title: "No", status, detail: "Not now.", code: "refused", ...over },
    { status, headers: { "Content-Type": "application/problem+json" } },
  )

/** The server's side of one service, which keeps what it is told. */
function serve(service: Service, figures: Figures = makeFigures()) {
  const state = { service }
  server.use(
    http.get("/api/v1/services/:id", () => HttpResponse.json(state.service)),
    http.get("/api/v1/services/:id/figures", () => HttpResponse.json(figures)),
  )
  return state
}

/** A change whose answer waits, so that what is shown meanwhile can be looked at. */
function held(method: "patch" | "delete", answer: () => Response) {
  let release = () => {}
  const isReleased = new Promise<void>((resolve) => {
    release = resolve
  })
  const wait = async () => {
    await isReleased
    return answer() as HttpResponse<null>
  }
  server.use(http[method]("/api/v1/services/*", wait))
  return { release: () => release() }
}

async function setUp(service: Service, { hasMail = true } = {}) {
  const onDeleted = vi.fn()
  const onRange = vi.fn()
  const rendered = await renderPage(
    <>
      <ServiceDetail
        row={service}
        workspaceId="w1"
        hasMail={hasMail}
        range="7d"
        onRange={onRange}
        onDeleted={onDeleted}
      />
      <Toaster />
    </>,
  )
  return { ...rendered, onDeleted, onRange }
}

test("without a mail server it says where messages are kept", async () => {
  const service = makeService()
  serve(service)
  await setUp(service, { hasMail: false })

  const kept = await screen.findByRole("link", { name: "Messages are kept, and sent to nobody" })

  expect(kept).toHaveAttribute("href", "/workspaces/w1/messages")
})

test("what is correct, how often, and who is told stand beside the graph", async () => {
  const service = makeService({
    recipients: [
      {
        id: "r1",
        account_id: "a1",
        name: "Jonas Berg",
        email: null,
        state: "confirmed",
        you: false,
      },
      {
        id: "r2",
        account_id: null,
        name: null,
        email: "oncall@nordlys.example",
        state: "pending",
        you: false,
      },
    ],
  })
  serve(service)
  await setUp(service)

  expect(await screen.findByText("GET api.nordlys.example/checkout/health")).toBeInTheDocument()
  expect(screen.getByLabelText("Check every")).toHaveValue("15")
  expect(screen.getByLabelText("Unit")).toHaveValue("minutes")
  expect(screen.getByText("Jonas Berg")).toBeInTheDocument()
  expect(screen.getByText("oncall@nordlys.example").closest("li")).toHaveTextContent(
    "not confirmed",
  )
})

test("the phases of the last check are told", async () => {
  const service = makeService({
    last_result: {
      slot: hour(11),
      attempt: 1,
      started_at: hour(11),
      finished_at: hour(11),
      outcome: "ok",
      failure_class: null,
      message: null,
      http_status: 200,
      latency_ms: 180,
      phases: { dns_ms: 1, connect_ms: 12, tls_ms: null, first_byte_ms: 140, body_ms: 0.2 },
      explanations: [],
      certificate_days: null,
    },
  })
  serve(service)
  await setUp(service)

  const phases = (await screen.findByRole("heading", { name: "Last check" })).parentElement
  expect(phases).toHaveTextContent("DNS1 msConnect12 msFirst byte140 msBody<1 msIn all180 ms")
})

test("the graph can be read as a table", async () => {
  const service = makeService()
  serve(service)
  const { user } = await setUp(service)

  expect(
    await screen.findByRole("slider", { name: /^Response time of Checkout API/ }),
  ).toBeVisible()
  await user.click(screen.getByRole("button", { name: "Show as a table" }))

  const table = await screen.findByRole("table")
  expect(within(table).getAllByRole("row")).toHaveLength(13)
})

test("fewer than five checks are told in words", async () => {
  const service = makeService()
  const [bucket] = makeFigures().buckets
  serve(service, makeFigures({ buckets: bucket ? [{ ...bucket, checks: 2 }] : [] }))
  await setUp(service)

  expect(await screen.findByText("2 checks so far")).toBeInTheDocument()
  expect(screen.getByText("The graph starts at five. Next check at 23:45.")).toBeInTheDocument()
})

test("response times that do not load can be asked for again", async () => {
  const service = makeService()
  serve(service)
  server.use(http.get("/api/v1/services/:id/figures", () => problem(500), { once: true }))
  const { user } = await setUp(service)

  await screen.findByText("Response times did not load")
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await screen.findByRole("slider", { name: /^Response time/ })).toBeInTheDocument()
})

test("incidents and changes stand below the graph, the newest first", async () => {
  const service = makeService()
  serve(
    service,
    makeFigures({
      incidents: [
        {
          id: "i1",
          service_id: "s1",
          service_name: "Checkout API",
          state: "resolved",
          began_at: "2026-04-09T12:06:00Z",
          confirmed_at: "2026-04-09T12:06:20Z",
          ended_at: "2026-04-09T19:57:00Z",
          reason: "No answer within 10 s",
          resolution: "holds again",
          duration_s: 28_260,
          told: 2,
          blocked_by: null,
          quiet: null,
          reopened: 0,
          reopened_at: null,
        },
      ],
      changes: [{ at: "2026-04-10T22:40:00Z", text: "Jonas changed the limit from 500 to 800 ms" }],
    }),
  )
  await setUp(service)

  const lines = await within(
    await screen.findByRole("list", { name: "What happened" }),
  ).findAllByRole("listitem")
  expect(lines[0]).toHaveTextContent("Jonas changed the limit")
  expect(lines[1]).toHaveTextContent("Thu 9 Apr 12:06No answer within 10 s7 h 51 min")
})

test("a range is told to the page", async () => {
  const service = makeService()
  serve(service)
  const { user, onRange } = await setUp(service)

  await user.click(await screen.findByRole("button", { name: /^30/ }))

  expect(onRange).toHaveBeenCalledExactlyOnceWith("30d")
})

test("a new period is saved with the version it was read at, and can be undone", async () => {
  const service = makeService({ name: "Storefront", version: 7 })
  const state = serve(service)
  const edits: { ifMatch: string | null; body: unknown }[] = []
  server.use(
    http.patch("/api/v1/services/:id", async ({ request }) => {
      const body = (await request.json()) as Partial<Service>
      edits.push({ ifMatch: request.headers.get("If-Match"), body })
      state.service = { ...state.service, ...body, version: state.service.version + 1 }
      return HttpResponse.json(state.service)
    }),
  )
  const { user } = await setUp(service)

  await user.clear(await screen.findByLabelText("Check every"))
  await user.type(screen.getByLabelText("Check every"), "5")
  await user.click(screen.getByRole("button", { name: "Save" }))

  const toast = await screen.findByText("Storefront is checked every 5 minutes now")
  expect(edits).toEqual([{ ifMatch: '"7"', body: { period: { every: 5, unit: "minutes" } } }])

  await user.click(within(toast.parentElement as HTMLElement).getByRole("button", { name: "Undo" }))

  await screen.findByText("Storefront is checked every 15 minutes now")
  expect(edits[1]).toEqual({ ifMatch: '"8"', body: { period: { every: 15, unit: "minutes" } } })
  expect(screen.getByLabelText("Check every")).toHaveValue("15")
})

test("a period that is no whole number is refused before it is sent", async () => {
  const service = makeService()
  serve(service)
  const { user } = await setUp(service)

  await user.clear(await screen.findByLabelText("Check every"))
  await user.type(screen.getByLabelText("Check every"), "1.5")
  await user.click(screen.getByRole("button", { name: "Save" }))

  expect(screen.getByLabelText("Check every")).toHaveAccessibleDescription(
    "Use a whole number from 1.",
  )
})

test("a period that the server refuses is explained beside its field, and stays typed", async () => {
  const service = makeService()
  serve(service)
  const message = "Check every minute or less often."
  server.use(
    http.patch("/api/v1/services/:id", () =>
      problem(422, { code: "invalid", errors: [{ field: "period.every", code: "min", message }] }),
    ),
  )
  const { user } = await setUp(service)

  await user.clear(await screen.findByLabelText("Check every"))
  await user.type(screen.getByLabelText("Check every"), "1")
  await user.click(screen.getByRole("button", { name: "Save" }))

  await waitFor(() =>
    expect(screen.getByLabelText("Check every")).toHaveAccessibleDescription(message),
  )
  expect(screen.getByLabelText("Check every")).toHaveValue("1")
})

test("pausing shows at once and is rolled back when the server refuses", async () => {
  const service = makeService()
  serve(service)
  let refuse = () => {}
  const refused = new Promise<void>((resolve) => {
    refuse = resolve
  })
  server.use(
    http.post("/api/v1/services/:id/pause", async () => {
      await refused
      return problem(503, { detail: "The database is busy. Try again in a minute." })
    }),
  )
  const { user } = await setUp(service)

  await user.click(await screen.findByRole("button", { name: "Pause" }))
  expect(await screen.findByRole("button", { name: "Resume" })).toBeInTheDocument()
  refuse()

  expect(
    await screen.findByText("The database is busy. Try again in a minute."),
  ).toBeInTheDocument()
  expect(await screen.findByRole("button", { name: "Pause" })).toBeInTheDocument()
})

test("a paused service can be resumed, but not checked now", async () => {
  const service = makeService({ name: "Partner docs", mode: "paused", shown: "paused" })
  const state = serve(service)
  server.use(
    http.post("/api/v1/services/:id/resume", () => {
      state.service = { ...service, mode: "active", shown: "checking" }
      return HttpResponse.json(state.service)
    }),
  )
  const { user } = await setUp(service)

  const resume = await screen.findByRole("button", { name: "Resume" })
  expect(screen.queryByRole("button", { name: "Check now" })).toBeNull()
  await user.click(resume)

  expect(await screen.findByText("Partner docs is watched again")).toBeInTheDocument()
  expect(screen.getByRole("button", { name: "Check now" })).toBeInTheDocument()
})

test("a check that was asked for too soon says when the next may be", async () => {
  const service = makeService()
  serve(service)
  server.use(
    http.post("/api/v1/services/:id/check", () =>
      problem(429, { detail: "It was checked 3 s ago. Wait 7 s." }),
    ),
  )
  const { user } = await setUp(service)

  await user.click(await screen.findByRole("button", { name: "Check now" }))

  expect(await screen.findByText("It was checked 3 s ago. Wait 7 s.")).toBeInTheDocument()
})

test("a period is rolled back with the reason when the server fails", async () => {
  const service = makeService({ name: "Storefront" })
  serve(service)
  const answers = held("patch", () => problem(503, { detail: "The database is busy." }))
  const { user, queryClient } = await setUp(service)
  await user.clear(await screen.findByLabelText("Check every"))
  await user.type(screen.getByLabelText("Check every"), "5{Enter}")
  const cached = () => queryClient.getQueryData<Service>(["service", service.id])?.period.every
  await waitFor(() => expect(cached()).toBe(5))

  answers.release()

  expect(await screen.findByText("The database is busy.")).toBeInTheDocument()
  expect(cached()).toBe(15)
})

test("whoever wants to be told is on the list at once, and off it by Undo", async () => {
  const service = makeService({ name: "Storefront", recipients: [], may: ["subscription.own"] })
  const state = serve(service)
  const asked: string[] = []
  const sofia = makeService().recipients
  server.use(
    http.put("/api/v1/services/:id/subscription", () => {
      asked.push("put")
      state.service = { ...service, recipients: sofia }
      return HttpResponse.json({ subscribed: true, recipients: 1 })
    }),
    http.delete("/api/v1/services/:id/subscription", () => {
      asked.push("delete")
      state.service = service
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, queryClient } = await setUp(service)
  queryClient.setQueryData(["me"], makeMe())
  await screen.findByText("You are not told.")

  await user.click(screen.getByRole("button", { name: "Tell me" }))
  expect(await screen.findByText("Sofia Lindqvist")).toBeInTheDocument()
  const toast = await screen.findByText("You are told when Storefront breaks")
  await user.click(within(toast.parentElement as HTMLElement).getByRole("button", { name: "Undo" }))

  expect(await screen.findByText("Storefront tells you no more")).toBeInTheDocument()
  expect(await screen.findByText("You are not told.")).toBeInTheDocument()
  expect(asked).toEqual(["put", "delete"])
})

test("who is told is rolled back with the reason when the server refuses", async () => {
  const service = makeService({ may: ["subscription.own"] })
  serve(service)
  const answers = held("delete", () => problem(503, { detail: "The database is busy." }))
  const { user } = await setUp(service)

  await user.click(await screen.findByRole("button", { name: "Stop telling me" }))
  expect(await screen.findByText("You are not told.")).toBeInTheDocument()
  answers.release()

  expect(await screen.findByText("The database is busy.")).toBeInTheDocument()
  expect(await screen.findByText("Sofia Lindqvist")).toBeInTheDocument()
})

test("an observer sees everything and can change nothing", async () => {
  const service = makeService({ may: ["service.read"], recipients: [] })
  serve(service)
  await setUp(service)

  expect(await screen.findByText("every 15 minutes")).toBeInTheDocument()
  expect(screen.getByText("You are not told.")).toBeInTheDocument()
  expect(screen.queryByLabelText("Check every")).toBeNull()
  for (const name of [/^Edit/, "Pause", "Check now", "Delete…"]) {
    expect(screen.queryByRole("button", { name })).toBeNull()
    expect(screen.queryByRole("link", { name })).toBeNull()
  }
})
