import { screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { makeMe } from "@/testing/factories"
import { problem } from "@/testing/problem"
import { renderPlain } from "@/testing/render"
import { server } from "@/testing/server"
import { SetUpPage } from "./set-up-page"

function open(token: string | null) {
  const handleDone = vi.fn()
  const page = <SetUpPage token={token} instance={null} onDone={handleDone} />
  return { handleDone, ...renderPlain(page) }
}

async function fill(user: ReturnType<typeof open>["user"]) {
  await user.type(screen.getByRole("textbox", { name: "Name" }), "Sofia")
  await user.type(screen.getByRole("textbox", { name: "Surname" }), "Lindqvist")
  await user.type(screen.getByRole("textbox", { name: "Email" }), "sofia@nordlys.example")
  await user.type(screen.getByLabelText("Password"), "a long sentence")
  await user.type(screen.getByRole("textbox", { name: "Workspace" }), "Nordlys{Enter}")
}

test("the token of the link makes the first account and its workspace", async () => {
  const sent = vi.fn()
  server.use(
    http.post("/api/v1/setup", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeMe(), { status: 201 })
    }),
  )
  const { user, handleDone } = open("t0ken")

  await fill(user)

  await waitFor(() => expect(handleDone).toHaveBeenCalledOnce())
  expect(sent).toHaveBeenCalledWith({
    token: "t0ken",
    name: "Sofia",
    surname: "Lindqvist",
    email: "sofia@nordlys.example",
    password: "a long sentence",
    workspace_name: "Nordlys",
  })
})

test("a token that is not the one of the console is told for the whole form", async () => {
  const errors = [{ field: "token", code: "setup_token", message: "Open the newest link." }]
  server.use(http.post("/api/v1/setup", () => problem(422, "invalid", { errors })))
  const { user, handleDone } = open("old")

  await fill(user)

  expect(await screen.findByRole("alert")).toHaveTextContent("Open the newest link.")
  expect(handleDone).not.toHaveBeenCalled()
})

test("an installation that was set up meanwhile leads to the log-in", async () => {
  server.use(http.post("/api/v1/setup", () => problem(404, "not_found")))
  const { user } = open("t0ken")

  await fill(user)

  expect(await screen.findByRole("alert")).toHaveTextContent("Sign in instead.")
})

test("without a token there is no form to fill in vain", () => {
  open(null)

  expect(screen.getByText(/only part of the set-up link/)).toBeInTheDocument()
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument()
})
