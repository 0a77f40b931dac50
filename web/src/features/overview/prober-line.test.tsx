import { screen } from "@testing-library/react"
import { describe, expect, it } from "vitest"
import type { Prober } from "@/api"
import { makeWorkspace, NOW } from "@/testing/factories"
import { renderPlain } from "@/testing/render"
import { describeProber, ProberLine } from "./prober-line"

const ONLINE: Prober = { state: "online", since: null, last_absence: null }
const BEGAN = "2026-04-14T08:00:00Z"
const ENDED = "2026-04-14T09:30:00Z"
const AT = Date.parse("2026-04-14T12:00:00Z")

function describeIt(prober: Prober): string | null {
  return describeProber(makeWorkspace({ prober }), AT)
}

describe("the line about Allgreen itself", () => {
  it("is not there while it looks", () => {
    expect(describeIt(ONLINE)).toBeNull()
  })

  it("says that nothing is checked", () => {
    const words = describeIt({ ...ONLINE, state: "offline", since: BEGAN })

    expect(words).toBe("Allgreen’s own network is down since today 08:00. Nothing is checked.")
  })

  it.each([
    ["off", "Allgreen was off from today 08:00 to today 09:30."],
    ["clock", "Allgreen was off from today 08:00 to today 09:30."],
    ["offline", "Allgreen had no network from today 08:00 to today 09:30."],
  ] as const)("says for a day that it was away: %s", (why, words) => {
    const last_absence = { began_at: BEGAN, ended_at: ENDED, why }

    expect(describeIt({ ...ONLINE, last_absence })).toBe(words)
  })

  it("is told to a screen reader", () => {
    const prober: Prober = { ...ONLINE, state: "offline", since: NOW }
    renderPlain(<ProberLine workspace={makeWorkspace({ prober })} now={Date.parse(NOW)} />)

    expect(screen.getByRole("status")).toHaveTextContent("Nothing is checked.")
  })
})
