import { expect, test } from "vitest"
import { createKeyReader, SHORTCUTS } from "./keys"

function reader() {
  const time = { now: 0 }
  const read = createKeyReader(() => time.now)
  const type = (keys: string) => Array.from(keys, (key) => read(key)).at(-1) ?? null
  return { time, type }
}

test.each(SHORTCUTS.map(({ keys, command }) => [keys.join(""), command]))(
  "%s is %s, in both cases",
  (keys, command) => {
    expect(reader().type(keys)).toBe(command)
    expect(reader().type(keys.toLowerCase())).toBe(command)
  },
)

test("no two of them have the same keys", () => {
  const all = SHORTCUTS.map(({ keys }) => keys.join())

  expect(new Set(all).size).toBe(all.length)
})

test("a first key waits a while and no longer", () => {
  const { time, type } = reader()
  expect(type("g")).toBeNull()
  time.now = 1499
  expect(type("s")).toBe("services")

  expect(type("g")).toBeNull()
  time.now += 1500
  expect(type("s")).toBeNull()
})

test("a key that does not follow is read as itself", () => {
  expect(reader().type("gn")).toBe("new-service")
  expect(reader().type("gxs")).toBeNull()
  expect(reader().type("ggs")).toBe("services")
})
