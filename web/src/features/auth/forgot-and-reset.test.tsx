import { screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { problem } from "@/testing/problem"
import { renderPlain } from "@/testing/render"
import { server } from "@/testing/server"
import { ForgotPage } from "./forgot-page"
import { ResetPage } from "./reset-page"

test("a link is on its way, whoever asks", async () => {
  const sent = vi.fn()
  server.use(
    http.post("/api/v1/password/forgot", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json({ status: "check_your_mail" }, { status: 202 })
    }),
  )
  const { user } = renderPlain(<ForgotPage instance={null} />)

  await user.type(screen.getByRole("textbox", { name: "Email" }), "lena@fjord.example{Enter}")

  expect(await screen.findByText(/has an account, a link is on its way/)).toBeInTheDocument()
  expect(sent).toHaveBeenCalledWith({ email: "lena@fjord.example" })
})

async function reset(answer: () => Response) {
  server.use(http.post("/api/v1/password/reset", answer))
  const opened = renderPlain(<ResetPage token="t0ken" />)
  await opened.user.type(screen.getByLabelText("New password"), "a long new sentence{Enter}")
  return opened
}

test("a new password leads to the log-in", async () => {
  await reset(() => new HttpResponse(null, { status: 204 }))

  expect(
    await screen.findByRole("heading", { name: "Your password is changed" }),
  ).toBeInTheDocument()
  expect(screen.getByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/login")
})

test("a link that was used leads to a new one", async () => {
  await reset(() => problem(404, "not_found"))

  const again = await screen.findByRole("link", { name: "Send a new link" })
  expect(again).toHaveAttribute("href", "/forgot")
})

test("a weak password is told beside its field", async () => {
  const errors = [{ field: "password", code: "weak", message: "This is your name." }]
  await reset(() => problem(422, "invalid", { errors }))

  const field = screen.getByLabelText("New password")
  await waitFor(() => expect(field).toHaveAccessibleDescription("This is your name."))
  expect(field).toHaveFocus()
})
