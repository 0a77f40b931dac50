import { screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Invited } from "@/api/types.gen"
import { makeMe } from "@/testing/factories"
import { problem } from "@/testing/problem"
import { renderPlain } from "@/testing/render"
import { server } from "@/testing/server"
import { InvitePage } from "./invite-page"

const INVITED: Invited = {
  workspace_name: "Nordlys Commerce",
  invited_by: "Sofia Lindqvist",
  role: "admin",
  email: "lena@fjordlabs.example",
  expires_at: "2026-11-27T09:00:00Z",
  is_yours: null,
}

function open(is_yours: boolean | null) {
  server.use(
    http.post("/api/v1/invitations/look", () => HttpResponse.json({ ...INVITED, is_yours })),
    http.get("/api/v1/me", () => HttpResponse.json(makeMe({ email: "jonas@nordlys.example" }))),
  )
  const handleLeave = vi.fn()
  const page = <InvitePage token="t0ken" instance={null} onLeave={handleLeave} />
  return { handleLeave, ...renderPlain(page) }
}

test("somebody without an account makes one with the invitation", async () => {
  const sent = vi.fn()
  server.use(
    http.post("/api/v1/accounts", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeMe(), { status: 201 })
    }),
  )
  const { user, handleLeave } = open(null)

  expect(await screen.findByText(/as an admin/)).toHaveTextContent(
    "Sofia Lindqvist invited you to Nordlys Commerce as an admin. It is waiting for this email.",
  )
  const email = await screen.findByRole("textbox", { name: "Email" })
  expect(email).toHaveAccessibleDescription("The one that was invited")
  expect(email).toHaveValue("lena@fjordlabs.example")
  await user.type(screen.getByRole("textbox", { name: "Name" }), "Lena")
  await user.type(screen.getByLabelText("Password"), "a long sentence{Enter}")

  await waitFor(() => expect(handleLeave).toHaveBeenCalledWith("/"))
  expect(sent).toHaveBeenCalledWith({
    name: "Lena",
    email: "lena@fjordlabs.example",
    password: "a long sentence",
    invitation: "t0ken",
  })
})

test("another address than the invited one is told beside it", async () => {
  server.use(http.post("/api/v1/accounts", () => problem(403, "other_address")))
  const { user } = open(null)

  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Lena")
  const email = screen.getByRole("textbox", { name: "Email" })
  await user.clear(email)
  await user.type(email, "lena@elsewhere.example")
  await user.type(screen.getByLabelText("Password"), "a long sentence{Enter}")

  await waitFor(() => expect(email).toHaveAccessibleDescription(/sent to another address/))
  expect(email).toHaveFocus()
})

test("the one who was invited accepts and goes to the workspace", async () => {
  server.use(
    http.post("/api/v1/invitations/accept", () => HttpResponse.json({ workspace_id: "w7" })),
  )
  const { user, handleLeave } = open(true)

  await user.click(await screen.findByRole("button", { name: "Accept" }))

  await waitFor(() => expect(handleLeave).toHaveBeenCalledWith("/workspaces/w7"))
})

test("or declines, and the owners see that", async () => {
  const declined = takeDeclining()
  const { user } = open(true)

  await user.click(await screen.findByRole("button", { name: "Decline" }))

  expect(await screen.findByRole("heading", { name: "You declined" })).toBeInTheDocument()
  expect(declined).toHaveBeenCalledExactlyOnceWith({ token: "t0ken" })
})

test("who has no account declines as well", async () => {
  const declined = takeDeclining()
  const { user } = open(null)

  await user.click(await screen.findByRole("button", { name: "Decline the invitation" }))

  expect(await screen.findByRole("heading", { name: "You declined" })).toBeInTheDocument()
  expect(declined).toHaveBeenCalledExactlyOnceWith({ token: "t0ken" })
})

function takeDeclining() {
  const declined = vi.fn()
  server.use(
    http.post("/api/v1/invitations/decline", async ({ request }) => {
      declined(await request.json())
      return new HttpResponse(null, { status: 204 })
    }),
  )
  return declined
}

test("another account is named, and can be switched", async () => {
  const ended = vi.fn()
  server.use(
    http.delete("/api/v1/session", () => {
      ended()
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, handleLeave } = open(false)

  expect(await screen.findByText("jonas@nordlys.example")).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Switch account" }))

  await waitFor(() => expect(handleLeave).toHaveBeenCalledWith("/invite/t0ken"))
  expect(ended).toHaveBeenCalledOnce()
})

test("a dead link says nothing of what it was", async () => {
  open(null)
  server.use(http.post("/api/v1/invitations/look", () => problem(404, "not_found")))

  expect(
    await screen.findByRole("heading", { name: "This invitation does not work any more" }),
  ).toBeInTheDocument()
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument()
})

test("an answer that did not come can be asked for again", async () => {
  const { user } = open(true)
  server.use(
    http.post("/api/v1/invitations/look", () => problem(503, "unavailable", { detail: "Busy." }), {
      once: true,
    }),
  )

  expect(await screen.findByRole("alert")).toHaveTextContent("Busy.")
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await screen.findByRole("button", { name: "Accept" })).toBeInTheDocument()
})
