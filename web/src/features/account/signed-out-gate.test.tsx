import { act, screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { tellSignedOut } from "@/lib/signed-out"
import { makeMe } from "@/testing/factories"
import { problem } from "@/testing/problem"
import { renderPage } from "@/testing/render"
import { server } from "@/testing/server"
import { SignedOutGate } from "./signed-out-gate"

/** A page with something typed in it, whose session has ended. */
async function signOut({ needsCode = false } = {}) {
  const sent = vi.fn()
  server.use(
    http.get("/api/v1/me", () => problem(401, "not_signed_in")),
    http.post("/api/v1/session", async ({ request }) => {
      const body = (await request.json()) as { password: string; code?: string }
      sent(body)
      const refuse = (field: string, code: string, message: string) =>
        problem(422, "invalid", { errors: [{ field, code, message }] })
      if (body.password !== "a long sentence") return refuse("password", "credentials", "No match.")
      if (needsCode && !body.code) return refuse("code", "second_factor", "Enter the code.")
      return HttpResponse.json(makeMe())
    }),
  )
  const page = (
    <>
      <SignedOutGate />
      <textarea aria-label="Note" />
    </>
  )
  const { user, queryClient } = await renderPage(page)
  queryClient.setQueryData(["me"], makeMe())
  await user.type(screen.getByLabelText("Note"), "half a sentence")
  act(() => tellSignedOut())
  await screen.findByRole("heading", { name: "You were signed out" })
  return { user, queryClient, sent }
}

const isGone = () =>
  waitFor(() => expect(screen.queryByRole("heading", { name: "You were signed out" })).toBeNull())

test("whoever signs in again goes on with what was typed", async () => {
  const { user, sent } = await signOut()

  await user.type(screen.getByLabelText("Password of sofia@nordlys.example"), "a long sentence")
  await user.click(screen.getByRole("button", { name: "Sign in" }))

  await isGone()
  expect(screen.getByLabelText("Note")).toHaveValue("half a sentence")
  expect(sent).toHaveBeenCalledExactlyOnceWith({
    email: "sofia@nordlys.example",
    password: "a long sentence",
    keep: false,
  })
})

test("a wrong password is told beside it", async () => {
  const { user } = await signOut()
  const password = screen.getByLabelText("Password of sofia@nordlys.example")

  await user.type(password, "something else")
  await user.click(screen.getByRole("button", { name: "Sign in" }))

  await waitFor(() => expect(password).toHaveAccessibleDescription("No match."))
  expect(password).toHaveFocus()
})

test("where a second factor is on, its code is asked for too", async () => {
  const { user, sent } = await signOut({ needsCode: true })

  await user.type(screen.getByLabelText("Password of sofia@nordlys.example"), "a long sentence")
  await user.click(screen.getByRole("button", { name: "Sign in" }))
  const code = await screen.findByRole("textbox", { name: "Code" })
  expect(code).toHaveFocus()
  await user.type(code, "123456")
  await user.click(screen.getByRole("button", { name: "Sign in" }))

  await isGone()
  expect(sent).toHaveBeenLastCalledWith(expect.objectContaining({ code: "123456" }))
})

test("who signed in in another tab goes on here", async () => {
  await signOut()
  server.use(http.get("/api/v1/me", () => HttpResponse.json(makeMe())))

  act(() => void window.dispatchEvent(new Event("focus")))

  await isGone()
})

test("closing the question loses nothing, and the next refusal asks again", async () => {
  const { user } = await signOut()

  await user.click(screen.getByRole("button", { name: "Not now" }))
  await isGone()
  act(() => tellSignedOut())

  expect(await screen.findByRole("heading", { name: "You were signed out" })).toBeVisible()
  expect(screen.getByLabelText("Note")).toHaveValue("half a sentence")
})
