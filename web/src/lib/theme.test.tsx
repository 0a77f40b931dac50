import { screen } from "@testing-library/react"
import { expect, test, vi } from "vitest"
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

test("a theme that is on its way is not faded to twice", () => {
  const applies: (() => void)[] = []
  const start = vi.fn((apply: () => void) => applies.push(apply))
  Object.assign(document, { startViewTransition: start })

  setTheme("dark")
  setTheme("dark")
  for (const apply of applies) apply()

  expect(start).toHaveBeenCalledOnce()
  expect(document.documentElement).toHaveAttribute("data-theme", "dark")
  delete (document as { startViewTransition?: unknown }).startViewTransition
})

test("the bar of the browser takes the colour of the page", () => {
  document.head.innerHTML = `
    <meta name="theme-color" data-of="light" media="(prefers-color-scheme: light)">
    <meta name="theme-color" data-of="dark" media="(prefers-color-scheme: dark)">`
  const media = () => Array.from(document.querySelectorAll("meta"), (bar) => bar.media)

  setTheme("dark")
  expect(media()).toEqual(["not all", "all"])

  setTheme("system")
  expect(media()).toEqual(["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"])
  document.head.innerHTML = ""
})
