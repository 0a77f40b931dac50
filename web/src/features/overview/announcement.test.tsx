import { act, screen } from "@testing-library/react"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Counts } from "@/api"
import { makeWorkspace } from "@/testing/factories"
import { renderPlain } from "@/testing/render"
import { Announcement } from "./announcement"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const workspace = (over: Partial<Counts>) =>
  makeWorkspace({
    counts: { up: 0, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0, ...over },
  })

const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms))

test("a change of state is spoken, without durations", () => {
  const { rerender } = renderPlain(<Announcement workspace={workspace({ up: 2 })} />)

  const worse = { ...workspace({ up: 1, down: 1 }), down_since: "2026-04-14T23:18:00Z" }
  rerender(<Announcement workspace={worse} />)
  pass(0)

  expect(screen.getByRole("status")).toHaveTextContent(/^1 down, 1 green$/)
})

test("changes that follow quickly are spoken once, as they are in the end", () => {
  const { rerender } = renderPlain(<Announcement workspace={workspace({ up: 3 })} />)
  rerender(<Announcement workspace={workspace({ up: 2, down: 1 })} />)
  pass(0)

  rerender(<Announcement workspace={workspace({ up: 1, down: 2 })} />)
  pass(5000)
  rerender(<Announcement workspace={workspace({ down: 3 })} />)
  pass(4999)
  expect(screen.getByRole("status")).toHaveTextContent("1 down, 2 green")

  pass(1)
  expect(screen.getByRole("status")).toHaveTextContent("3 down")
})
