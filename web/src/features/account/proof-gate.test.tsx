import { screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { logOut } from "@/api"
import { withProof } from "@/lib/proof"
import { makeAccount } from "@/testing/factories"
import { problem } from "@/testing/problem"
import { renderPage } from "@/testing/render"
import { server } from "@/testing/server"
import { ProofGate } from "./proof-gate"

/** Something that the server does only after a proof. */
async function act(account = makeAccount()) {
  let isProven = false
  const proof = vi.fn()
  const done = vi.fn()
  server.use(
    http.get("/api/v1/account", () => HttpResponse.json(account)),
    http.delete("/api/v1/session", () => {
      if (!isProven) return problem(403, "proof_needed")
      done()
      return new HttpResponse(null, { status: 204 })
    }),
    http.post("/api/v1/session/proof", async ({ request }) => {
      const body = (await request.json()) as { password: string; code?: string }
      proof(body)
      if (body.password !== "a long sentence") {
        const errors = [{ field: "password", code: "credentials", message: "Not right." }]
        return problem(422, "invalid", { errors })
      }
      isProven = true
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await renderPage(<ProofGate />)
  const outcome = vi.fn()
  const acting = withProof(() => logOut()).then(outcome, (error: Error) => outcome(error.message))
  await screen.findByRole("heading", { name: "Is it you?" })
  return { user, proof, done, outcome, acting }
}

test("after the password the request goes out again", async () => {
  const { user, done, acting } = await act()

  await user.type(await screen.findByLabelText("Password"), "a long sentence")
  await user.click(screen.getByRole("button", { name: "Go on" }))

  await acting
  expect(done).toHaveBeenCalledOnce()
  expect(screen.queryByRole("heading", { name: "Is it you?" })).not.toBeInTheDocument()
})

test("a wrong password is told beside it, and nothing goes out", async () => {
  const { user, done } = await act()

  const password = await screen.findByLabelText("Password")
  await user.type(password, "something else")
  await user.click(screen.getByRole("button", { name: "Go on" }))

  await waitFor(() => expect(password).toHaveAccessibleDescription("Not right."))
  expect(done).not.toHaveBeenCalled()
})

test("where a second factor is on, its code is asked for too", async () => {
  const { user, proof, acting } = await act(
    makeAccount({ two_factor_since: "2026-11-01T08:00:00Z" }),
  )

  await user.type(await screen.findByLabelText("Password"), "a long sentence")
  await user.type(screen.getByRole("textbox", { name: "Code" }), "123456")
  await user.click(screen.getByRole("button", { name: "Go on" }))

  await acting
  expect(proof).toHaveBeenCalledWith({ password: "a long sentence", code: "123456" })
})

test("who cancels is told why nothing happened", async () => {
  const { user, outcome, acting } = await act()

  await user.click(await screen.findByRole("button", { name: "Cancel" }))

  await acting
  expect(outcome).toHaveBeenCalledWith("No.")
})

test("an account without a password leads to a new sign-in", async () => {
  await act(makeAccount({ has_password: false }))

  expect(await screen.findByRole("button", { name: "Log out" })).toBeInTheDocument()
  expect(screen.queryByLabelText("Password")).not.toBeInTheDocument()
})
