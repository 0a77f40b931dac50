import { afterEach, expect, test } from "vitest"
import { isLetterKey } from "./letter-keys"

afterEach(() => {
  document.body.replaceChildren()
})

function press(html: string, init: KeyboardEventInit): boolean {
  document.body.innerHTML = html
  const target = document.body.querySelector("[data-here]") ?? document.body
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init })
  let answer = false
  document.addEventListener("keydown", () => (answer = isLetterKey(event)), { once: true })
  target.dispatchEvent(event)
  return answer
}

const ON_THE_PAGE = "<main></main>"

test.each(["n", "/", "?", "N"])("%s on the page may be a command", (key) => {
  expect(press(ON_THE_PAGE, { key })).toBe(true)
})

test.each([
  ["text field", "<input data-here>"],
  ["search field", "<input type=search data-here>"],
  ["number field", "<input type=number data-here>"],
  ["text area", "<textarea data-here></textarea>"],
  ["list to choose from", "<select data-here></select>"],
])("a letter in a %s belongs to it", (_, html) => {
  expect(press(html, { key: "n" })).toBe(false)
})

test.each([
  ["button", "<button data-here></button>"],
  ["check box", "<input type=checkbox data-here>"],
  ["slider", "<div role=slider tabindex=0 data-here></div>"],
])("a %s takes no letters", (_, html) => {
  expect(press(html, { key: "n" })).toBe(true)
})

test.each([
  ["with Ctrl", { ctrlKey: true }],
  ["with Meta", { metaKey: true }],
  ["with Alt", { altKey: true }],
  ["with Shift", { shiftKey: true }],
  ["held down", { repeat: true }],
  ["in a composition", { isComposing: true }],
])("a letter %s is something else", (_, init) => {
  expect(press(ON_THE_PAGE, { key: "n", ...init })).toBe(false)
})

test("a sign may need Shift", () => {
  expect(press(ON_THE_PAGE, { key: "?", shiftKey: true })).toBe(true)
})

test("a question that is open is answered first", () => {
  expect(press("<dialog open></dialog>", { key: "n" })).toBe(false)
})

test("keys that were switched off do nothing", () => {
  localStorage.setItem("allgreen-letter-keys", "off")

  expect(press(ON_THE_PAGE, { key: "n" })).toBe(false)
})

test("keys that are no letters are nobody's command", () => {
  expect(press(ON_THE_PAGE, { key: "Escape" })).toBe(false)
})
