import { expect, test } from "vitest"
import { cut, findMatch } from "./fuzzy"

const marked = (text: string, typed: string) => {
  const match = findMatch(text, typed)
  return match && cut(text, match.ranges).map((one) => (one.isMarked ? `[${one.text}]` : one.text))
}
const written = (text: string, typed: string) => marked(text, typed)?.join("") ?? null

test.each([
  ["Payments webhook", "pay", "[Pay]ments webhook"],
  ["Payments webhook", "web", "Payments [web]hook"],
  ["Payments webhook", "hook", "Payments web[hook]"],
  ["Payments webhook", "WEB pay", "[Pay]ments [web]hook"],
  ["Payments webhook", "pw", "[P]ayments [w]ebhook"],
  ["Checkout API", "chkapi", "[Ch]ec[k]out [API]"],
  ["Café Zoë", "cafe zoe", "[Café] [Zoë]"],
  ["🚀 Launch", "lau", "🚀 [Lau]nch"],
  ["Payments webhook", "", "Payments webhook"],
  ["Payments webhook", "   ", "Payments webhook"],
  ["Nordlys", "nord nord", "[Nord]lys"],
])("%s, looked for by %j, is marked as %s", (text, typed, expected) => {
  expect(written(text, typed)).toBe(expected)
})

test.each([
  ["Payments webhook", "xyz"],
  // Every word must be found.
  ["Payments webhook", "pay orders"],
  // Scattered letters begin where a word begins, else everything would match.
  ["Payments webhook", "yhk"],
  ["", "a"],
])("%j is not found by %j", (text, typed) => {
  expect(findMatch(text, typed)).toBeNull()
})

test("what begins a word stands before what is inside one, and that before scattered letters", () => {
  const score = (text: string) => findMatch(text, "api")?.score ?? 0

  const [first, second, third, fourth] = ["API", "API gateway", "Rapid", "A p i"].map(score)

  expect(first).toBeGreaterThan(second as number)
  expect(second).toBeGreaterThan(third as number)
  expect(third).toBeGreaterThan(fourth as number)
})

test("letters that a pattern would read are letters", () => {
  expect(written("a.b (c)", ".b (c")).toBe("a[.b] [(c])")
  expect(findMatch("axb", "a.b")).toBeNull()
})
