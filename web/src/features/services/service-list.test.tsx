import { act, screen, within } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { ServiceRow } from "@/api"
import { makeServiceRow } from "@/testing/factories"
import { layOut } from "@/testing/layout"
import { renderPlain } from "@/testing/render"
import { ServiceList, type ServiceListProps } from "./service-list"

const drawn = vi.hoisted(() => vi.fn())
vi.mock("@/components/strip/uptime-strip", () => ({
  UptimeStrip: ({ name }: { name: string }) => drawn(name),
}))

layOut({ width: 560, height: 34 })

const services = [
  makeServiceRow({ id: "a", name: "Storefront", address: "www.nordlys.example" }),
  makeServiceRow({
    id: "b",
    name: "Payments webhook",
    address: "hooks.nordlys.example/stripe",
    health: "down",
    shown: "down",
    reason: "503 instead of 202",
    since: "2026-04-14T23:18:00Z",
    median_ms: null,
  }),
  makeServiceRow({ id: "c", name: "Partner docs", mode: "paused", shown: "paused" }),
]

const quiet = ["One", "Two", "Three"].map((name) => makeServiceRow({ id: name, name }))
const turn = (row: ServiceRow | undefined, shown: ServiceRow["shown"]) =>
  makeServiceRow({ ...row, shown, reason: shown === "up" ? null : "No answer" })

function setUp(over: Partial<ServiceListProps> = {}) {
  const calls = { onShow: vi.fn(), onWords: vi.fn(), onToggle: vi.fn() }
  const props: ServiceListProps = {
    services,
    show: "all",
    words: "",
    openId: undefined,
    renderDetail: (row) => <p>Details of {row.name}</p>,
    ...calls,
    ...over,
  }
  const rendered = renderPlain(<ServiceList {...props} />)
  const show = (next: Partial<ServiceListProps>) =>
    rendered.rerender(<ServiceList {...props} {...next} />)
  return { ...rendered, calls, show }
}

const names = () => screen.getAllByRole("article").map((row) => row.getAttribute("aria-label"))

test("what needs a look stands above what is quiet, paused services last", () => {
  setUp()

  expect(screen.getAllByRole("heading", { level: 2 }).map((title) => title.textContent)).toEqual([
    "Needs a look",
    "Quiet",
    "Paused",
  ])
  expect(names()).toEqual(["Payments webhook", "Storefront", "Partner docs"])
})

test("a row tells its state by word, its reason, uptime and median", () => {
  setUp()

  const row = within(screen.getByRole("article", { name: "Payments webhook" }))
  expect(row.getByRole("img", { name: "Down" })).toBeInTheDocument()
  expect(row.getByText(/^503 instead of 202, for/)).toBeInTheDocument()
  expect(row.getByText("99.98 %")).toBeInTheDocument()
  expect(row.getByText("—")).toBeInTheDocument()
})

test("the filter counts what each choice holds", () => {
  setUp()

  const group = within(screen.getByRole("group", { name: "Show" }))
  expect(group.getAllByRole("button").map((button) => button.textContent)).toEqual([
    "All 3",
    "Needs a look 1",
    "Paused 1",
  ])
})

test("only the chosen group is shown", () => {
  setUp({ show: "paused" })

  expect(names()).toEqual(["Partner docs"])
})

test("choosing a group and typing words are told to the page", async () => {
  const { user, calls } = setUp()

  await user.click(screen.getByRole("button", { name: "Needs a look 1" }))
  await user.type(screen.getByRole("searchbox", { name: "Filter services" }), "web")

  expect(calls.onShow).toHaveBeenCalledExactlyOnceWith("look")
  expect(calls.onWords).toHaveBeenLastCalledWith("web")
})

test("words find names and addresses", () => {
  setUp({ words: "STRIPE" })

  expect(names()).toEqual(["Payments webhook"])
})

test("finding nothing says what was looked for", () => {
  setUp({ words: "billing" })

  expect(screen.getByText("No service has “billing” in its name or URL.")).toBeInTheDocument()
})

test("a group without services offers the way back to all", async () => {
  const { user, calls } = setUp({ show: "look", services: services.slice(0, 1) })

  expect(screen.getByText("No service needs a look.")).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Show all" }))
  expect(calls.onShow).toHaveBeenCalledExactlyOnceWith("all")
})

test("the button of a row says whether it is open and asks to toggle it", async () => {
  const { user, calls } = setUp()
  const button = screen.getByRole("button", { name: "Details for Storefront" })

  await user.click(button)

  expect(button).toHaveAttribute("aria-expanded", "false")
  expect(calls.onToggle).toHaveBeenCalledExactlyOnceWith("a")
})

test("a row that goes down stays where it is, until it is asked to be sorted", async () => {
  const { user, show } = setUp({ services: quiet })

  show({ services: [quiet[0], turn(quiet[1], "down"), quiet[2]] as ServiceRow[] })

  expect(names()).toEqual(["One", "Two", "Three"])
  expect(screen.getByRole("img", { name: "Down" })).toBeInTheDocument()
  expect(screen.getByText("1 needs a look now")).toBeInTheDocument()
  expect(screen.getByRole("button", { name: "Needs a look 1" })).toBeInTheDocument()

  await user.click(screen.getByRole("button", { name: "Sort again" }))

  expect(names()).toEqual(["Two", "One", "Three"])
  expect(screen.queryByText("1 needs a look now")).toBeNull()
})

test("a row that holds again stays too, and is said to be quiet", () => {
  const down = turn(quiet[2], "down")
  const { show } = setUp({ services: [quiet[0], quiet[1], down] as ServiceRow[] })
  expect(names()).toEqual(["Three", "One", "Two"])

  show({ services: quiet })

  expect(names()).toEqual(["Three", "One", "Two"])
  expect(screen.getByText("1 is quiet again")).toBeInTheDocument()
})

test("who asks for what needs a look sees what needs one now", () => {
  const { show } = setUp({ services: quiet, show: "look" })
  expect(screen.getByText("No service needs a look.")).toBeInTheDocument()

  show({ services: [turn(quiet[0], "down"), ...quiet.slice(1)], show: "look" })

  expect(names()).toEqual(["One"])
})

test("a row that is paused moves at once: that is somebody's hand", () => {
  const { show } = setUp({ services: quiet })

  show({ services: [{ ...turn(quiet[0], "paused"), mode: "paused" }, ...quiet.slice(1)] })

  expect(names()).toEqual(["Two", "Three", "One"])
})

test("when one of many goes down, its row alone is rendered again", () => {
  const many = Array.from({ length: 500 }, (_, n) =>
    makeServiceRow({ id: `s${n}`, name: `Service ${n}` }),
  )
  const { show } = setUp({ services: many })
  drawn.mockClear()

  show({ services: many.map((row, n) => (n === 250 ? turn(row, "down") : row)) })

  expect(drawn.mock.calls).toEqual([["Service 250"]])
})

beforeEach(() => drawn.mockReturnValue(null))
afterEach(() => void vi.useRealTimers())

test("how long a service is down goes on counting", () => {
  vi.useFakeTimers({ now: Date.parse("2026-04-14T23:18:58Z") })
  setUp()
  const row = screen.getByRole("article", { name: "Payments webhook" })
  expect(row).toHaveTextContent("503 instead of 202, for 58 s")

  act(() => vi.advanceTimersByTime(2000))

  expect(row).toHaveTextContent("503 instead of 202, for 1 min")
})
