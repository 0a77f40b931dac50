import { screen, within } from "@testing-library/react"
import { expect, test, vi } from "vitest"
import { renderPlain } from "@/testing/render"
import type { PaletteEntry, PaletteGroup } from "./entries"
import { PaletteDialog, type PaletteDialogProps } from "./palette-dialog"

function open(over: Partial<PaletteDialogProps> = {}) {
  const ran = vi.fn()
  const handleClose = vi.fn()
  const handleType = vi.fn()
  const entry = (label: string, rest: Partial<PaletteEntry> = {}): PaletteEntry => ({
    id: label,
    label,
    icon: null,
    run: () => ran(label),
    ...rest,
  })
  const groups: PaletteGroup[] = [
    {
      id: "services",
      title: "Services",
      entries: [entry("Payments webhook", { hint: "down 42 min" }), entry("Checkout API")],
      most: { idle: 5, found: 5 },
    },
    {
      id: "commands",
      title: "Commands",
      entries: [entry("New service", { keys: ["N"] })],
      most: { idle: 5, found: 5 },
    },
  ]
  const props = {
    groups,
    isLoading: false,
    failure: null,
    onType: handleType,
    onClose: handleClose,
    ...over,
  }
  return { ...renderPlain(<PaletteDialog {...props} />), ran, handleClose, handleType }
}

const field = () => screen.getByRole("combobox", { name: "Find" })
const chosen = () => {
  const option = screen.getByRole("option", { selected: true })
  expect(field()).toHaveAttribute("aria-activedescendant", option.id)
  return option
}

test("services stand first, in groups with names", () => {
  open()

  const services = within(screen.getByRole("group", { name: "Services" }))
  expect(services.getAllByRole("option").map((one) => one.textContent)).toEqual([
    "Payments webhookdown 42 min",
    "Checkout API",
  ])
  expect(chosen()).toHaveTextContent("Payments webhook")
})

test("arrows choose round and round, and Enter runs what is chosen after the palette is closed", async () => {
  const { user, ran, handleClose } = open()
  await user.click(field())

  await user.keyboard("{ArrowDown}")
  expect(chosen()).toHaveTextContent("Checkout API")
  await user.keyboard("{ArrowUp}{ArrowUp}")
  expect(chosen()).toHaveTextContent("New service")
  await user.keyboard("{Enter}")

  expect(ran).toHaveBeenCalledExactlyOnceWith("New service")
  expect(handleClose.mock.invocationCallOrder[0]).toBeLessThan(
    ran.mock.invocationCallOrder[0] as number,
  )
})

test("what is typed leaves what fits, with the letters marked", async () => {
  const { user, handleType } = open()

  await user.type(field(), "web")

  expect(chosen()).toHaveTextContent("Payments webhook")
  expect(chosen().querySelector("mark")).toHaveTextContent("web")
  expect(screen.getAllByRole("option")).toHaveLength(1)
  expect(screen.getByRole("status")).toHaveTextContent(/^1\sresult$/)
  expect(handleType).toHaveBeenLastCalledWith("web")
})

test("what was typed before it was there is in the field", () => {
  open({ initial: "new" })

  expect(field()).toHaveValue("new")
  expect(chosen()).toHaveTextContent("New service")
})

test("words that fit to nothing are told, and Enter does nothing", async () => {
  const { user, ran } = open()

  await user.type(field(), "qqq{Enter}")

  expect(screen.getByText(/Nothing here is called “qqq”/)).toBeVisible()
  expect(field()).not.toHaveAttribute("aria-activedescendant")
  expect(ran).not.toHaveBeenCalled()
})

test("a pointer chooses and runs", async () => {
  const { user, ran } = open()

  await user.hover(screen.getByRole("option", { name: "Checkout API" }))
  expect(chosen()).toHaveTextContent("Checkout API")
  await user.click(chosen())

  expect(ran).toHaveBeenCalledExactlyOnceWith("Checkout API")
})

test("a press beside it closes it, one inside does not", async () => {
  const { user, handleClose } = open()
  await user.click(field())
  expect(handleClose).not.toHaveBeenCalled()

  await user.click(screen.getByRole("dialog", { name: "Search and commands" }))

  expect(handleClose).toHaveBeenCalledOnce()
})

test("what is on its way is told, and nothing is said to be missing", async () => {
  const { user } = open({ isLoading: true })

  await user.type(field(), "qqq")

  expect(screen.getByRole("status")).toHaveTextContent("Loading")
  expect(screen.queryByText(/Nothing here/)).toBeNull()
})

test("what did not come can be asked for again, and the rest is there", async () => {
  const retry = vi.fn()
  const { user } = open({ failure: { error: new Error("no"), retry } })
  expect(screen.getByRole("option", { name: "New service" })).toBeVisible()

  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(retry).toHaveBeenCalledOnce()
})
