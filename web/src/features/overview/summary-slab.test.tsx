import { screen } from "@testing-library/react"
import { afterEach, expect, test, vi } from "vitest"
import type { Workspace } from "@/api"
import { makeStrip, makeWorkspace } from "@/testing/factories"
import { layOut } from "@/testing/layout"
import { renderPlain } from "@/testing/render"
import { SummarySlab } from "./summary-slab"

layOut({ width: 800, height: 58 })

const newborn = makeStrip({ grades: `${"n".repeat(60)}${"u".repeat(30)}` })
const today = makeStrip({ grades: `${"n".repeat(89)}u` })

test.each<[string, Partial<Workspace>, string, string]>([
  ["never rounds up", { uptime_pct: 99.996 }, "99.99%", "up in the last 90 days"],
  ["writes 100 only when it is exact", { uptime_pct: 100 }, "100%", "up in the last 90 days"],
  ["borrows no days", { uptime_pct: 99.54, strip: newborn }, "99.54%", "up since 16 March"],
  ["knows its first day", { uptime_pct: 100, strip: today }, "100%", "up today"],
  ["claims nothing without checks", { uptime_pct: null }, "—", "no checks yet"],
])("the figure %s", (_, over, figure, window) => {
  renderPlain(<SummarySlab workspace={makeWorkspace(over)} />)

  const slab = screen.getByRole("region", { name: "Summary, last 90 days" })
  expect(slab).toHaveTextContent(`${figure}${window}`)
})

test("the counts and the median stand below the pipes", () => {
  renderPlain(
    <SummarySlab
      workspace={makeWorkspace({
        counts: { up: 5, degraded: 1, down: 0, unknown: 0, paused: 0, maintenance: 0 },
      })}
    />,
  )

  expect(screen.getByText("1 slow")).toBeInTheDocument()
  expect(screen.getByText("5 green")).toBeInTheDocument()
  expect(screen.getByText("157 ms")).toBeInTheDocument()
  expect(screen.getByRole("slider")).toHaveAccessibleName(/^All services/)
})

afterEach(() => void vi.useRealTimers())

test.each([
  [1, "1 down for 42 min"],
  [2, "2 down for up to 42 min"],
])("%i down: it is said for how long, and not more than is known", (down, sentence) => {
  vi.useFakeTimers({ now: Date.parse("2026-04-15T00:00:00Z") })
  const counts = { up: 0, degraded: 0, down, unknown: 0, paused: 0, maintenance: 0 }

  renderPlain(
    <SummarySlab workspace={makeWorkspace({ counts, down_since: "2026-04-14T23:18:00Z" })} />,
  )

  expect(screen.getByText(`${down} down`).parentElement).toHaveTextContent(sentence)
})
