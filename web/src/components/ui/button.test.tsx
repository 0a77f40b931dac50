import { screen } from "@testing-library/react"
import { expect, test, vi } from "vitest"
import { Button } from "@/components/ui/button"
import { renderPlain } from "@/testing/render"

test("a press calls back", async () => {
  const press = vi.fn()
  const { user } = renderPlain(<Button onClick={press}>Save</Button>)

  await user.click(screen.getByRole("button", { name: "Save" }))

  expect(press).toHaveBeenCalledOnce()
})

test("a busy button keeps its label, says so and ignores presses", async () => {
  const press = vi.fn()
  const { user } = renderPlain(
    <Button busy onClick={press}>
      Save
    </Button>,
  )
  const button = screen.getByRole("button", { name: "Save" })

  await user.click(button)

  expect(button).toHaveAttribute("aria-busy", "true")
  expect(press).not.toHaveBeenCalled()
})

test("a busy submit button does not send its form", async () => {
  const send = vi.fn((event: React.FormEvent) => event.preventDefault())
  const { user } = renderPlain(
    <form onSubmit={send}>
      <Button type="submit" busy>
        Save
      </Button>
    </form>,
  )

  await user.click(screen.getByRole("button", { name: "Save" }))

  expect(send).not.toHaveBeenCalled()
})
