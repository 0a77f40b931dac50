import { http } from "msw"
import { expect, test, vi } from "vitest"
import { getMe, logOut } from "@/api"
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

test("a session that has ended is told once, by the query that learns it", async () => {
  server.use(http.get("/api/v1/me", () => problem(401, "not_signed_in")))
  const handleSignedOut = vi.fn()

  const query = createQueryClient(handleSignedOut).fetchQuery({
    queryKey: ["me"],
    queryFn: () => getMe(),
  })

  await expect(query).rejects.toMatchObject({ status: 401 })
  expect(handleSignedOut).toHaveBeenCalledOnce()
})

test("a mutation that handles its own errors still tells that the session has ended", async () => {
  server.use(http.delete("/api/v1/session", () => problem(401, "not_signed_in")))
  const handleSignedOut = vi.fn()
  const queryClient = createQueryClient(handleSignedOut)

  const mutation = queryClient
    .getMutationCache()
    .build(queryClient, { mutationFn: () => logOut(), onError: () => {} })

  await expect(mutation.execute(undefined)).rejects.toMatchObject({ status: 401 })
  expect(handleSignedOut).toHaveBeenCalledOnce()
})
