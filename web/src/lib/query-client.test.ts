import { http } from "msw"
import { expect, test } from "vitest"
import { getMe } from "@/api"
import { createQueryClient } from "@/lib/query-client"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

test("a refusal is not asked for again", async () => {
  let asked = 0
  server.use(
    http.get("/api/v1/me", () => {
      asked += 1
      return problem(403, "not_allowed")
    }),
  )

  const query = createQueryClient().fetchQuery({
    queryKey: ["me"],
    queryFn: () => getMe(),
    retry: undefined,
  })

  await expect(query).rejects.toMatchObject({ status: 403 })
  expect(asked).toBe(1)
})
