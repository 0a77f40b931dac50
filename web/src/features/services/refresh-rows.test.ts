import { QueryClient, QueryObserver } from "@tanstack/react-query"
import { HttpResponse, http } from "msw"
import { expect, test } from "vitest"
import type { ServiceRow } from "@/api"
import { makeServiceRow } from "@/testing/factories"
import { server } from "@/testing/server"
import { mergeRows, refreshRows, servicesQuery } from "./queries"

const row = (id: string, over: Partial<ServiceRow> = {}) =>
  makeServiceRow({ id, name: id, ...over })

test("a row takes the place of its former self, and the others stay the very same", () => {
  const rows = [row("a"), row("b"), row("c")]

  const merged = mergeRows(rows, [row("b", { shown: "down" })], ["b"])

  expect(merged?.map(({ shown }) => shown)).toEqual(["up", "down", "up"])
  expect(merged?.[0]).toBe(rows[0])
})

test("a row that is asked for and not there any more was deleted", () => {
  expect(mergeRows([row("a"), row("b")], [], ["b"])).toEqual([row("a")])
})

test.each([
  ["new", [row("d")], ["d"]],
  ["renamed", [row("b", { name: "x" })], ["b"]],
])("a row that is %s may stand anywhere, so all are fetched", (_, found, ids) => {
  expect(mergeRows([row("a"), row("b")], found, ids)).toBeNull()
})

/** A list that somebody looks at, and what the server is asked for. */
async function setUp(answer: (only: string[]) => ServiceRow[]) {
  const asked: string[][] = []
  server.use(
    http.get("/api/v1/workspaces/w1/services", ({ request }) => {
      const only = new URL(request.url).searchParams.getAll("only")
      asked.push(only)
      return HttpResponse.json({ items: answer(only), next_cursor: null })
    }),
  )
  const queryClient = new QueryClient()
  const options = { ...servicesQuery("w1"), staleTime: 30_000 }
  await queryClient.fetchQuery(options)
  const stop = new QueryObserver(queryClient, options).subscribe(() => {})
  asked.length = 0
  const rows = () => queryClient.getQueryData(servicesQuery("w1").queryKey)
  return { queryClient, asked, rows, stop }
}

test("one service is asked for, and its row alone is another one", async () => {
  const { queryClient, asked, rows, stop } = await setUp((only) =>
    only.length > 0 ? [row("b", { shown: "down" })] : [row("a"), row("b")],
  )
  const before = rows()

  await refreshRows(queryClient, "w1", ["b"])
  stop()

  expect(asked).toEqual([["b"]])
  expect(rows()?.[1]?.shown).toBe("down")
  expect(rows()?.[0]).toBe(before?.[0])
})

test("what nobody looks at is fetched when somebody does", async () => {
  const { queryClient, asked, stop } = await setUp(() => [row("a")])
  stop()

  await refreshRows(queryClient, "w1", ["a"])

  expect(asked).toEqual([])
  expect(queryClient.getQueryState(servicesQuery("w1").queryKey)?.isInvalidated).toBe(true)
})

test("a new service brings the whole list", async () => {
  let isThere = false
  const { queryClient, asked, rows, stop } = await setUp((only) => {
    if (only.length > 0) return [row("b")]
    return isThere ? [row("a"), row("b")] : [row("a")]
  })
  isThere = true

  await refreshRows(queryClient, "w1", ["b"])
  stop()

  expect(asked).toEqual([["b"], []])
  expect(rows()).toHaveLength(2)
})
