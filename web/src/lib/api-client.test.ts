import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { getMe, logOut } from "@/api"
import { ApiError } from "@/lib/api-error"
import { answerSignOuts } from "@/lib/signed-out"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

async function failureOf(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${error}`)
  return error
}

test("a refusal keeps its sentence, its code and its fields", async () => {
  const errors = [{ field: "name", code: "missing", message: "Give it a name." }]
  server.use(http.get("/api/v1/me", () => problem(422, "invalid", { detail: "One.", errors })))

  const error = await failureOf(getMe())

  expect(error).toMatchObject({ status: 422, code: "invalid", message: "One.", errors })
})

test("a refusal says when to come back", async () => {
  server.use(
    http.get("/api/v1/me", () => problem(429, "too_many", { headers: { "Retry-After": "7" } })),
  )

  expect((await failureOf(getMe())).retryAfterS).toBe(7)
})

test("a page of a proxy is told as what it is", async () => {
  server.use(
    http.get("/api/v1/me", () => HttpResponse.html("<h1>Bad gateway</h1>", { status: 502 })),
  )

  const error = await failureOf(getMe())

  expect(error.status).toBe(502)
  expect(error.message).toBe("The server answered 502 without a reason. Try again in a minute.")
})

test("a server that cannot be reached is told as that", async () => {
  server.use(http.get("/api/v1/me", () => HttpResponse.error()))

  const error = await failureOf(getMe())

  expect(error.message).toBe("Allgreen did not answer. Check your connection and try again.")
})

test("an answer without a body is a success", async () => {
  server.use(http.delete("/api/v1/session", () => new HttpResponse(null, { status: 204 })))

  await expect(logOut()).resolves.toBeDefined()
})

test.each([
  ["a question", () => getMe()],
  ["a change", () => logOut()],
])("the screen is told of a session that has ended, once, by %s", async (_, ask) => {
  server.use(http.all("/api/v1/*", () => problem(401, "not_signed_in")))
  const handleSignedOut = vi.fn()
  const takeBack = answerSignOuts(handleSignedOut)

  const error = await failureOf(ask())
  takeBack()
  await failureOf(ask())

  expect(error.status).toBe(401)
  expect(handleSignedOut).toHaveBeenCalledOnce()
})
