import { fireEvent, screen, within } from "@testing-library/react"
import { describe, expect, test } from "vitest"
import { layOut } from "@/testing/layout"
import { renderPlain } from "@/testing/render"
import type { LatencySeries } from "./chart"
import { LatencyChart } from "./latency-chart"
import { LatencyTable } from "./latency-table"

layOut({ width: 654, height: 220 })

const hour = (n: number) => new Date(Date.UTC(2026, 3, 14, n)).toISOString()

const series: LatencySeries = {
  from: hour(0),
  to: hour(6),
  bucket_s: 3600,
  limit_ms: 800,
  buckets: [0, 1, 2, 3, 4, 5].map((n) => ({
    at: hour(n),
    p50_ms: n === 3 ? null : 200 + n,
    p95_ms: n === 3 ? null : 300 + n,
    checks: 60,
    failed: n === 3 ? 60 : 0,
  })),
  outages: [{ from: hour(3), to: hour(4) }],
}

function setUp(shown = series) {
  const rendered = renderPlain(
    <LatencyChart series={shown} zone="UTC" name="Search" rangeName="last 24 hours" />,
  )
  return { ...rendered, slider: screen.getByRole("slider") }
}

const tip = () => document.querySelector(".tip")

describe("the graph", () => {
  test("is named by what it shows", () => {
    expect(setUp().slider).toHaveAccessibleName(
      "Response time of Search, last 24 hours. Median between 200\u00a0ms and 205\u00a0ms. One gap where it did not answer.",
    )
  })

  test("draws a line on each side of an outage, the outage and the limit", () => {
    const { slider } = setUp()

    expect(slider.querySelectorAll(".p50")).toHaveLength(2)
    expect(slider.querySelectorAll(".out")).toHaveLength(1)
    expect(within(slider).getByText("limit 800 ms")).toBeInTheDocument()
  })

  test("starts on the newest bucket and moves by arrows", async () => {
    const { user, slider } = setUp()
    await user.tab()

    await user.keyboard("{ArrowLeft}")

    expect(slider).toHaveAttribute(
      "aria-valuetext",
      "Tue 14, 04:00 UTC: Median (p50) 204\u00a0ms, 95th (p95) 304\u00a0ms, Checks 60",
    )
  })

  test("explains the bucket under the pointer", () => {
    const { slider } = setUp()

    fireEvent.pointerMove(slider, { clientX: 46 + 150 })

    expect(tip()).toHaveTextContent("Tue 14, 01:00 UTC")
    expect(tip()).toHaveTextContent("Median (p50)201 ms")
    expect(slider.querySelector(".cur")).toBeInTheDocument()
  })

  test("says that nothing answered, and puts no dot into the gap", () => {
    const { slider } = setUp()

    fireEvent.pointerMove(slider, { clientX: 46 + 350 })

    expect(tip()).toHaveTextContent("No answer")
    expect(tip()).toHaveTextContent("60 of 60 checks")
    expect(slider.querySelector(".dot")).toBeNull()
  })

  test("Esc closes the tip", async () => {
    const { user } = setUp()
    await user.tab()

    await user.keyboard("{Escape}")

    expect(tip()).toBeNull()
  })

  test("stays within a series that became shorter", async () => {
    const { user, slider, rerender } = setUp()
    await user.tab()
    await user.keyboard("{End}")

    rerender(
      <LatencyChart
        series={{ ...series, buckets: series.buckets.slice(0, 2) }}
        zone="UTC"
        name="Search"
        rangeName="last 24 hours"
      />,
    )

    expect(slider).toHaveAttribute("aria-valuenow", "2")
  })
})

test("the table holds every bucket, the newest first", () => {
  renderPlain(<LatencyTable series={series} zone="UTC" caption="Response times of Search" />)

  const rows = within(
    screen.getByRole("region", { name: "Response times of Search" }),
  ).getAllByRole("row")
  expect(rows).toHaveLength(7)
  expect(rows[1]).toHaveTextContent("Tue 14, 05:00 UTC205 ms305 ms600")
  expect(rows[3]).toHaveTextContent("Tue 14, 03:00 UTC——6060")
})
