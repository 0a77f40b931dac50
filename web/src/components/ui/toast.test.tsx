import { act, fireEvent, screen } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { showToast, Toaster } from "@/components/ui/toast"
import { renderPlain } from "@/testing/render"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  act(() => vi.runAllTimers())
  vi.useRealTimers()
})

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms))

test("a message stays for eight seconds", () => {
  renderPlain(<Toaster />)

  act(() => showToast("Search is paused"))
  pass(7999)
  expect(screen.getByText("Search is paused")).toBeInTheDocument()
  pass(1)

  expect(screen.queryByText("Search is paused")).not.toBeInTheDocument()
})

test("a message waits for its reader", () => {
  renderPlain(<Toaster />)
  act(() => showToast("Search is paused"))
  const message = screen.getByText("Search is paused")

  fireEvent.mouseEnter(message.parentElement as HTMLElement)
  pass(60_000)

  expect(message).toBeInTheDocument()
  fireEvent.mouseLeave(message.parentElement as HTMLElement)
  pass(8000)
  expect(message).not.toBeInTheDocument()
})

test("undo runs once and takes the message away", () => {
  const undo = vi.fn()
  renderPlain(<Toaster />)
  act(() => showToast("Search is paused", { action: { label: "Undo", run: undo } }))

  fireEvent.click(screen.getByRole("button", { name: "Undo" }))

  expect(undo).toHaveBeenCalledOnce()
  expect(screen.queryByText("Search is paused")).not.toBeInTheDocument()
})

test("messages go aside for what the keyboard has reached under them, and come back", () => {
  const box = (top: number) => () => new DOMRect(700, top, 300, 60)
  renderPlain(
    <>
      <button type="button">Under</button>
      <button type="button">Elsewhere</button>
      <Toaster />
    </>,
  )
  const corner = screen.getByRole("region", { name: "Messages" })
  corner.getBoundingClientRect = box(600)
  const [under, elsewhere] = screen.getAllByRole("button")
  if (under) under.getBoundingClientRect = box(610)
  if (elsewhere) elsewhere.getBoundingClientRect = box(100)
  act(() => showToast("Search is paused"))

  act(() => elsewhere?.focus())
  expect(corner).not.toHaveAttribute("data-aside")
  act(() => under?.focus())
  expect(corner).toHaveAttribute("data-aside")

  pass(8000)
  expect(corner).not.toHaveAttribute("data-aside")
})
