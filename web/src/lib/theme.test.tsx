import { screen } from "@testing-library/react"
import { expect, test } from "vitest"
import { setTheme, useTheme } from "@/lib/theme"
import { renderPlain } from "@/testing/render"

function Shown() {
  const [theme, choose] = useTheme()
  return (
    <button type="button" onClick={() => choose("dark")}>
      {theme}
    </button>
  )
}

test("without a choice the page follows the system", () => {
  renderPlain(<Shown />)

  expect(screen.getByRole("button")).toHaveTextContent("system")
  expect(document.documentElement).not.toHaveAttribute("data-theme")
})

test("a choice is applied, shown and remembered", async () => {
  const { user } = renderPlain(<Shown />)

  await user.click(screen.getByRole("button"))

  expect(screen.getByRole("button")).toHaveTextContent("dark")
  expect(document.documentElement).toHaveAttribute("data-theme", "dark")
  expect(localStorage.getItem("allgreen-theme")).toBe("dark")
})

test("going back to the system forgets the choice", () => {
  setTheme("light")

  setTheme("system")

  expect(document.documentElement).not.toHaveAttribute("data-theme")
  expect(localStorage.getItem("allgreen-theme")).toBeNull()
})
