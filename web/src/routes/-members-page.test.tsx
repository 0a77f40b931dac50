import { screen, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Invitation, Member } from "@/api"
import { makeInvitation, makeMe, makeMember, makeWorkspace, PERMISSIONS } from "@/testing/factories"
import { openApp } from "@/testing/open-app"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

vi.stubGlobal(
  "EventSource",
  class extends EventTarget {
    close() {}
  },
)

const OWNER = [...PERMISSIONS, "member.read", "member.write", "invitation.read", "invitation.write"]
const SOFIA = makeMember()
const JONAS = makeMember({
  account_id: "a2",
  name: "Jonas Berg",
  email: "jonas@nordlys.example",
  role: "admin",
  you: false,
  pronouns: "he/him",
})

type Scene = {
  members?: Member[]
  invitations?: Invitation[]
  may?: string[]
  role?: "owner" | "admin" | "observer"
}

/** The server's side of the page. */
function serve({
  members = [SOFIA, JONAS],
  invitations = [],
  may = OWNER,
  role = "owner",
}: Scene = {}) {
  const state = { members, invitations }
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(makeMe())),
    http.get("/api/v1/instance", () => HttpResponse.json({ mail: true })),
    http.get("/api/v1/workspaces/w1", () => HttpResponse.json(makeWorkspace({ may, role }))),
    http.get("/api/v1/workspaces/w1/members", () => HttpResponse.json({ items: state.members })),
    http.get("/api/v1/workspaces/w1/invitations", () =>
      HttpResponse.json({ items: state.invitations, next_cursor: null }),
    ),
  )
  return state
}

const open = () => openApp("/workspaces/w1/members")
const people = () => screen.findByRole("list", { name: "In this workspace" })

test("everybody in the workspace stands in the list, with what the reader may know", async () => {
  serve({ invitations: [makeInvitation()] })
  open()

  const rows = within(await people()).getAllByRole("listitem")

  expect(rows).toHaveLength(2)
  expect(rows[0]).toHaveTextContent(/Sofia Lindqvist You she\/hersofia@nordlys.exampleOwner/)
  expect(screen.getByText(/^Two people can open Nordlys Commerce. One invitation/)).toBeVisible()
  expect(screen.getByRole("list", { name: "Invited" })).toHaveTextContent("lena@fjord.example")
})

test("a role changes at once, and comes back when the server refuses", async () => {
  serve()
  let answer = (_: Response) => {}
  server.use(
    http.patch("/api/v1/workspaces/w1/members/a2", async () => {
      const held = new Promise<Response>((resolve) => {
        answer = resolve
      })
      return (await held) as HttpResponse<null>
    }),
  )
  const { user } = open()
  const role = await screen.findByLabelText("Role of Jonas Berg")

  await user.selectOptions(role, "observer")
  expect(role).toHaveValue("observer")
  answer(problem(403, "not_allowed", { detail: "Ask an owner." }))

  expect(await screen.findByText("Ask an owner.")).toBeVisible()
  expect(role).toHaveValue("admin")
})

test("a role is taken back by Undo", async () => {
  serve()
  const roles: unknown[] = []
  server.use(
    http.patch("/api/v1/workspaces/w1/members/a2", async ({ request }) => {
      const { role } = (await request.json()) as { role: "admin" | "observer" }
      roles.push(role)
      return HttpResponse.json(
        makeMember({ account_id: "a2", name: "Jonas Berg", you: false, role }),
      )
    }),
  )
  const { user } = open()
  await user.selectOptions(await screen.findByLabelText("Role of Jonas Berg"), "observer")
  const toast = await screen.findByText("Jonas Berg is an observer now")

  await user.click(within(toast.parentElement as HTMLElement).getByRole("button", { name: "Undo" }))

  expect(await screen.findByText("Jonas Berg is an admin now")).toBeVisible()
  expect(roles).toEqual(["observer", "admin"])
})

test("somebody is removed only after a question, and only when the server says so", async () => {
  const state = serve()
  server.use(
    http.delete("/api/v1/workspaces/w1/members/a2", () => {
      state.members = [SOFIA]
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = open()

  await user.click(await screen.findByRole("button", { name: "Remove Jonas Berg" }))
  expect(screen.getByRole("heading", { name: "Remove Jonas Berg?" })).toBeVisible()
  expect(within(await people()).getAllByRole("listitem")).toHaveLength(2)
  await user.click(screen.getByRole("button", { name: "Remove" }))

  expect(await screen.findByText("Jonas Berg is no member any more")).toBeVisible()
  expect(within(await people()).getAllByRole("listitem")).toHaveLength(1)
})

test("several addresses are invited one by one, and a refusal names its own", async () => {
  serve()
  const asked: unknown[] = []
  server.use(
    http.post("/api/v1/workspaces/w1/invitations", async ({ request }) => {
      const body = (await request.json()) as { email: string }
      asked.push(body)
      if (body.email === "jonas@nordlys.example") {
        const detail = "This person is a member already."
        return problem(422, "invalid", { detail })
      }
      const invitation = makeInvitation({ email: body.email })
      return HttpResponse.json({ invitation, link: null }, { status: 201 })
    }),
  )
  const { user } = open()
  const emails = await screen.findByLabelText("Invite by email")

  await user.type(emails, "lena@fjord.example, jonas@nordlys.example")
  await user.click(screen.getByRole("button", { name: "Send invitations" }))

  expect(await screen.findByText(/^jonas@nordlys.example: This person is a member/)).toBeVisible()
  expect(emails).toHaveFocus()
  expect(asked).toEqual([
    { email: "lena@fjord.example", role: "observer" },
    { email: "jonas@nordlys.example", role: "observer" },
  ])
  expect(screen.queryByRole("button", { name: "Leave lena@fjord.example out" })).toBeNull()
})

test("without a mail server the link is shown, to be handed over", async () => {
  const state = serve()
  server.use(
    http.post("/api/v1/workspaces/w1/invitations", () => {
      const invitation = makeInvitation()
      state.invitations = [invitation]
      return HttpResponse.json({ invitation, link: "http://a.test/invite/x" }, { status: 201 })
    }),
  )
  const { user } = open()

  await user.type(await screen.findByLabelText("Invite by email"), "lena@fjord.example{Enter}")
  await user.click(screen.getByRole("button", { name: "Send invitation" }))

  expect(await screen.findByLabelText("lena@fjord.example")).toHaveValue("http://a.test/invite/x")
})

test("what is no address is not sent", async () => {
  serve()
  const { user } = open()
  const emails = await screen.findByLabelText("Invite by email")

  await user.type(emails, "lena")
  await user.click(screen.getByRole("button", { name: "Send invitation" }))

  expect(emails).toHaveAccessibleDescription(/^lena is no address./)
  expect(emails).toHaveFocus()
})

test("admins who may invite, invite observers", async () => {
  serve({
    role: "admin",
    may: ["workspace.read", "member.read", "invitation.read", "invitation.write"],
  })
  open()

  const role = await screen.findByLabelText("As")

  expect(
    within(role)
      .getAllByRole("option")
      .map((one) => one.textContent),
  ).toEqual(["Observer"])
  expect(screen.queryByLabelText("Role of Jonas Berg")).toBeNull()
})

test("observers look, and are not asked to invite", async () => {
  serve({ role: "observer", may: ["workspace.read", "member.read"] })
  open()

  expect(await people()).toHaveTextContent("Admin")
  expect(screen.queryByLabelText("Invite by email")).toBeNull()
  expect(screen.queryByRole("button", { name: /^Remove/ })).toBeNull()
})

test("a list that does not load can be asked for again", async () => {
  serve()
  const detail = "The database does not answer. Try again in a minute."
  // The frame asks first, for the count in the navigation; both requests are one.
  server.use(
    http.get("/api/v1/workspaces/w1/members", () => problem(500, "internal", { detail }), {
      once: true,
    }),
  )
  vi.spyOn(console, "error").mockImplementation(() => {})
  vi.spyOn(console, "warn").mockImplementation(() => {})
  const { user } = open()

  expect(await screen.findByText(detail)).toBeVisible()
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await people()).toBeVisible()
})
