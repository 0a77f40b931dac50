import { HttpResponse, http } from "msw"
import { expect, test } from "vitest"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"
import { checkAll, describeAsked } from "./check-all"

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `s${at}`, mode: "active" as const }))

function answer(how: (id: string) => Response) {
  const asked: string[] = []
  server.use(
    http.post("/api/v1/services/:id/check", ({ params }) => {
      asked.push(String(params.id))
      return how(String(params.id))
    }),
  )
  return asked
}

const yes = () => HttpResponse.json({ slot: "2026-04-14T23:30:00Z" }, { status: 202 })
const rest = (seconds: string) =>
  problem(429, "too_many", { detail: "Wait.", headers: { "Retry-After": seconds } })

test("every service that is watched is asked for once", async () => {
  const asked = answer(yes)

  const sum = await checkAll([...rows(9), { id: "resting", mode: "paused" }])

  expect(sum).toEqual({ asked: 9, early: 0, failure: null })
  expect(asked.toSorted()).toEqual(rows(9).map(({ id }) => id))
})

test("who was checked a moment ago is counted, and the others are asked for", async () => {
  answer((id) => (id === "s1" ? rest("7") : yes()))

  expect(await checkAll(rows(6))).toEqual({ asked: 5, early: 1, failure: null })
})

test("a server that wants a long rest is asked for no more", async () => {
  const asked = answer(() => rest("60"))

  const sum = await checkAll(rows(200))

  expect(sum.failure).toBe("Wait.")
  expect(asked.length).toBeLessThan(10)
})

test("another refusal stops it too", async () => {
  const asked = answer(() => problem(403, "forbidden", { detail: "Not yours." }))

  expect((await checkAll(rows(200))).failure).toBe("Not yours.")
  expect(asked.length).toBeLessThan(10)
})

test.each([
  [{ asked: 9, early: 0, failure: null }, "Checking 9 services now."],
  [{ asked: 1, early: 1, failure: null }, "Checking 1 service now. 1 was checked a moment ago."],
  [{ asked: 0, early: 4, failure: null }, "4 were checked a moment ago."],
  [{ asked: 0, early: 0, failure: "Wait." }, "Wait."],
  [{ asked: 0, early: 0, failure: null }, "No service is watched now."],
])("%j is told as %s", (sum, expected) => {
  expect(describeAsked(sum).replaceAll("\u00a0", " ")).toBe(expected)
})
