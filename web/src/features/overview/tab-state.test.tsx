import { act, render, screen } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { PageTitle } from "@/components/page-title"
import { renderPage } from "@/testing/render"
import { StaleLine } from "./stale-line"
import { TabState } from "./tab-state"

const NONE = { up: 0, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0 }

const icon = () => document.querySelector('link[rel="icon"]')?.getAttribute("href")

function goOffline(isOffline: boolean) {
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(!isOffline)
  act(() => {
    window.dispatchEvent(new Event(isOffline ? "offline" : "online"))
  })
}

beforeEach(() => {
  document.head.innerHTML = '<link rel="icon" href="/favicon.svg">'
})

afterEach(() => {
  document.head.innerHTML = ""
})

function page(counts = NONE) {
  return (
    <>
      <PageTitle>Members · Nordlys</PageTitle>
      <TabState counts={counts} updatedAt={Date.now()} />
    </>
  )
}

test("the title starts with the worst state, and the icon has its colour", () => {
  const { rerender, unmount } = render(page({ ...NONE, up: 3, down: 1 }))
  expect(document.title).toBe("1 down · Members · Nordlys · Allgreen")
  expect(icon()).toBe("/favicon-down.svg")

  rerender(page({ ...NONE, up: 4 }))
  expect(document.title).toBe("Members · Nordlys · Allgreen")
  expect(icon()).toBe("/favicon.svg")

  rerender(page({ ...NONE, paused: 4 }))
  expect(icon()).toMatch(/^data:image\/svg/)

  unmount()
  expect(icon()).toBe("/favicon.svg")
})

test("without a network no state is told as now", () => {
  render(page({ ...NONE, up: 4 }))

  goOffline(true)
  expect(document.title).toBe("No news · Members · Nordlys · Allgreen")
  expect(icon()).toMatch(/^data:image\/svg/)

  goOffline(false)
  expect(document.title).toBe("Members · Nordlys · Allgreen")
  expect(icon()).toBe("/favicon.svg")
})

test("without a network the page says at once that its numbers may be old", async () => {
  await renderPage(<StaleLine updatedAt={Date.now()} />)
  expect(screen.getByRole("status")).toBeEmptyDOMElement()

  goOffline(true)
  expect(screen.getByRole("status")).toHaveTextContent(
    "You are offline. Live updates paused just now. Numbers may be old.",
  )

  goOffline(false)
  expect(screen.getByRole("status")).toBeEmptyDOMElement()
})
