import { screen, within } from "@testing-library/react"
import { expect, test, vi } from "vitest"
import type { Me } from "@/api/types.gen"
import { makeMe } from "@/testing/factories"
import { renderPage } from "@/testing/render"
import { AppShell } from "./app-shell"

const [NORDLYS] = makeMe().workspaces
if (!NORDLYS) throw new Error("somebody has a workspace")
const FJORD = { ...NORDLYS, id: "w2", name: "Fjord Labs", health: "down" as const }

async function open(over: Partial<Me> = {}) {
  const handleLogOut = vi.fn()
  const handleNew = vi.fn()
  const me = makeMe(over)
  const page = (
    <AppShell
      me={me}
      workspace={NORDLYS as typeof FJORD}
      counts={{ services: 9, members: 6 }}
      onLogOut={handleLogOut}
      onNewWorkspace={handleNew}
    >
      <h1>Services</h1>
    </AppShell>
  )
  return { handleLogOut, handleNew, ...(await renderPage(page, "/workspaces/w1")) }
}

// jsdom has no popovers: their content counts as shown there, and the buttons do not open them.

test("the page stands in the main landmark, which a link leads to", async () => {
  await open()

  expect(screen.getByRole("main")).toContainElement(screen.getByRole("heading"))
  expect(screen.getByRole("link", { name: "Skip to content" })).toHaveAttribute("href", "#main")
})

test("the page in view is marked in the navigation", async () => {
  await open()

  for (const link of screen.getAllByRole("link", { name: /^Services/ })) {
    expect(link).toHaveAttribute("aria-current", "page")
  }
})

test("every screen of the workspace has its entry, with a count where there is one", async () => {
  await open()
  const nav = within(screen.getByRole("navigation", { name: "Workspace" }))

  expect(nav.getAllByRole("link").map((link) => link.textContent)).toEqual([
    "All workspaces",
    "Services9",
    "Messages",
    "Members6",
    "Status page",
    "Workspace settings",
  ])
})

test("a new workspace is made from the switcher, also where there is one only", async () => {
  const { user, handleNew } = await open()

  await user.click(screen.getByRole("button", { name: "New workspace", hidden: true }))

  expect(handleNew).toHaveBeenCalledOnce()
})

test("several workspaces are listed, each with how it is", async () => {
  await open({ workspaces: [NORDLYS as typeof FJORD, FJORD] })

  expect(screen.getByRole("button", { name: /Nordlys Commerce.*switch workspace/ })).toBeVisible()
  const others = screen.getAllByRole("link", { name: "Fjord Labs down", hidden: true })
  // In the switcher, and in the list beside the page.
  expect(others).toHaveLength(2)
  for (const other of others) expect(other).toHaveAttribute("href", "/workspaces/w2")
})

test("the account menu logs out", async () => {
  const { user, handleLogOut } = await open()
  const [logOut] = screen.getAllByRole("button", { name: "Log out", hidden: true })

  await user.click(logOut as HTMLElement)

  expect(handleLogOut).toHaveBeenCalledOnce()
})

test("the theme is chosen in the account menu", async () => {
  const { user } = await open()
  const [dark] = screen.getAllByRole("button", { name: "Dark", hidden: true })

  await user.click(dark as HTMLElement)

  expect(document.documentElement).toHaveAttribute("data-theme", "dark")
  expect(dark).toHaveAttribute("aria-pressed", "true")
})
