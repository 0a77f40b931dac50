import { screen } from "@testing-library/react"
import { expect, test, vi } from "vitest"
import { renderPlain } from "@/testing/render"
import { UptimeStripError } from "./strip-states"

test("a strip that did not come can be asked for again", async () => {
  const onRetry = vi.fn()
  const { user } = renderPlain(<UptimeStripError onRetry={onRetry} />)

  expect(screen.getByRole("alert")).toHaveTextContent("History did not load")
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(onRetry).toHaveBeenCalledOnce()
})
