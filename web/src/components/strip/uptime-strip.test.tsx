import { fireEvent, screen } from "@testing-library/react"
import { describe, expect, test } from "vitest"
import { makeStrip } from "@/testing/factories"
import { layOut } from "@/testing/layout"
import { renderPlain } from "@/testing/render"
import { UptimeStrip } from "./uptime-strip"

const resize = layOut({ width: 900, height: 34 })

const strip = makeStrip({
  grades: `${"u".repeat(84)}p${"u".repeat(5)}`,
  details: [[84, 67.29, 28_260, 1440, 471]],
})

function setUp(props: Partial<Parameters<typeof UptimeStrip>[0]> = {}) {
  const rendered = renderPlain(<UptimeStrip strip={strip} name="Checkout API" {...props} />)
  return { ...rendered, slider: screen.getByRole("slider") }
}

const tip = () => document.querySelector(".tip")

describe("for a keyboard and a screen reader", () => {
  test("a strip is one read-only slider over its days, on today", () => {
    const { slider } = setUp()

    expect(slider).toHaveAccessibleName("Checkout API, uptime by day, last 90 days")
    expect(slider).toHaveAttribute("aria-readonly", "true")
    expect(slider).toHaveAttribute("aria-valuemax", "90")
    expect(slider).toHaveAttribute("aria-valuenow", "90")
    expect(slider).toHaveAttribute(
      "aria-valuetext",
      expect.stringMatching(/^Tue 14 Apr: Healthy so far/),
    )
  })

  test("Tab reaches the strip and shows today", async () => {
    const { user, slider } = setUp()

    await user.tab()

    expect(slider).toHaveFocus()
    expect(tip()).toHaveTextContent("Tue 14 Apr")
  })

  test("arrows move by day and Page keys by week, and the day is spoken", async () => {
    const { user, slider } = setUp()
    await user.tab()

    await user.keyboard("{PageUp}{ArrowRight}{ArrowRight}")

    expect(slider).toHaveAttribute("aria-valuenow", "85")
    expect(slider).toHaveAttribute(
      "aria-valuetext",
      "Thu 9 Apr: Partly down, Uptime 67.29\u00a0percent, Downtime 7\u00a0h 51\u00a0min, Checks 1,440 (471 failed)",
    )
  })

  test("Home leads to the first day and End to today", async () => {
    const { user, slider } = setUp()
    await user.tab()

    await user.keyboard("{Home}")
    expect(slider).toHaveAttribute("aria-valuenow", "1")

    await user.keyboard("{End}")
    expect(slider).toHaveAttribute("aria-valuenow", "90")
  })

  test("Esc closes the tip and keeps the focus", async () => {
    const { user, slider } = setUp()
    await user.tab()

    await user.keyboard("{Escape}")

    expect(tip()).toBeNull()
    expect(slider).toHaveFocus()
  })

  test("leaving the strip closes the tip", async () => {
    const { user } = setUp()
    await user.tab()

    await user.tab()

    expect(tip()).toBeNull()
  })
})

describe("for a pointer", () => {
  test("the day under it is framed and explained", () => {
    const { slider } = setUp()

    fireEvent.pointerMove(slider, { clientX: 845 })

    expect(tip()).toHaveTextContent("Thu 9 Apr5 d ago")
    expect(tip()).toHaveTextContent("Partly down")
    expect(tip()).toHaveTextContent("Checks1,440 (471 failed)")
    expect(slider.querySelector(".sel")).toHaveAttribute("x", "839")
  })

  test("the tip goes with a mouse that leaves", () => {
    const { slider } = setUp()
    fireEvent.pointerMove(slider, { clientX: 845 })

    fireEvent.pointerLeave(slider, { pointerType: "mouse" })

    expect(tip()).toBeNull()
    expect(slider.querySelector(".sel")).toBeNull()
  })

  test("the tip stays when a finger lifts", () => {
    const { slider } = setUp()
    fireEvent.pointerDown(slider, { clientX: 845 })

    fireEvent.pointerLeave(slider, { pointerType: "touch" })

    expect(tip()).not.toBeNull()
  })

  test("the tip goes when the page scrolls away under it", () => {
    const { slider } = setUp()
    fireEvent.pointerMove(slider, { clientX: 845 })

    fireEvent.scroll(window)

    expect(tip()).toBeNull()
  })
})

describe("drawing", () => {
  test("the pipes fit a new width", () => {
    const { slider } = setUp()

    resize({ width: 330, height: 30 })

    expect(slider.querySelector("svg")).toHaveAttribute("viewBox", "0 0 330 30")
  })

  test("new grades are drawn", () => {
    const { rerender, slider } = setUp()

    rerender(<UptimeStrip strip={makeStrip({ grades: "x".repeat(90) })} name="Checkout API" />)

    expect([...slider.querySelectorAll("path")].map((path) => path.getAttribute("class"))).toEqual([
      "pf-x",
      "pe-x",
    ])
  })

  test("today's pipe settles when its grade changes, and only then", () => {
    const { rerender, slider } = setUp()
    expect(slider.querySelector(".settle")).toBeNull()

    const worse = { ...strip, grades: `${strip.grades.slice(0, -1)}d` }
    rerender(<UptimeStrip strip={worse} name="Checkout API" />)
    expect(slider.querySelector(".settle .pf-d")).toBeInTheDocument()

    rerender(<UptimeStrip strip={{ ...worse, from: "2026-01-16" }} name="Checkout API" />)
    expect(slider.querySelector(".settle")).toBeNull()
  })

  test("a paused service is paler", () => {
    expect(setUp({ isMuted: true }).slider).toHaveClass("mute")
  })
})
