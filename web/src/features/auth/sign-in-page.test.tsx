import { screen, waitFor } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import type { Instance } from "@/api/types.gen"
import { makeMe } from "@/testing/factories"
import { problem } from "@/testing/problem"
import { renderPlain } from "@/testing/render"
import { server } from "@/testing/server"
import { SignInPage } from "./sign-in-page"

const OPEN: Instance = {
  version: "0.1.0",
  needs_setup: false,
  registration: "open",
  github: false,
  mail: true,
  min_interval_s: 60,
  public_url: "http://allgreen.test",
}

function open(tab: "login" | "register", instance: Partial<Instance> = {}) {
  const handleDone = vi.fn()
  const handleTab = vi.fn()
  const page = (
    <SignInPage
      tab={tab}
      onTab={handleTab}
      instance={{ ...OPEN, ...instance }}
      next="/workspaces/w1"
      onDone={handleDone}
    />
  )
  return { handleDone, handleTab, ...renderPlain(page) }
}

const email = () => screen.getByRole("textbox", { name: "Email" })
const password = () => screen.getByLabelText("Password")

test("a good pair signs in and asks to be remembered", async () => {
  const sent = vi.fn()
  server.use(
    http.post("/api/v1/session", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeMe())
    }),
  )
  const { user, handleDone } = open("login")

  await user.type(email(), " sofia@nordlys.example ")
  await user.type(password(), "a long sentence{Enter}")

  await waitFor(() => expect(handleDone).toHaveBeenCalledOnce())
  expect(sent).toHaveBeenCalledWith({
    email: "sofia@nordlys.example",
    password: "a long sentence",
    keep: true,
  })
})

test("a wrong pair is told beside the password, which takes the focus", async () => {
  const errors = [{ field: "password", code: "credentials", message: "They don’t match." }]
  server.use(http.post("/api/v1/session", () => problem(422, "invalid", { errors })))
  const { user, handleDone } = open("login")

  await user.type(email(), "sofia@nordlys.example")
  await user.type(password(), "wrong")
  await user.click(screen.getByRole("button", { name: "Sign in" }))

  await waitFor(() => expect(password()).toHaveAccessibleDescription("They don’t match."))
  expect(password()).toHaveFocus()
  expect(handleDone).not.toHaveBeenCalled()
})

test("what is missing is told before anything is sent", async () => {
  const { user } = open("login")

  await user.click(screen.getByRole("button", { name: "Sign in" }))

  expect(email()).toHaveAccessibleDescription("Enter your email.")
  expect(password()).toHaveAccessibleDescription("Enter your password.")
  expect(email()).toHaveFocus()
})

test("a refusal without a field is told above the button", async () => {
  server.use(
    http.post("/api/v1/session", () =>
      problem(429, "too_many", { detail: "Too many tries. Wait a minute." }),
    ),
  )
  const { user } = open("login")

  await user.type(email(), "sofia@nordlys.example")
  await user.type(password(), "a long sentence{Enter}")

  expect(await screen.findByRole("alert")).toHaveTextContent("Too many tries. Wait a minute.")
  expect(screen.getByRole("button", { name: "Sign in" })).toBeEnabled()
})

async function openSecondStep() {
  const sent = vi.fn()
  const errors = [{ field: "code", code: "second_factor", message: "Write the six digits." }]
  server.use(
    http.post("/api/v1/session", async ({ request }) => {
      const body = (await request.json()) as { code?: string }
      sent(body.code)
      return body.code ? HttpResponse.json(makeMe()) : problem(422, "invalid", { errors })
    }),
  )
  const opened = open("login")
  await opened.user.type(email(), "sofia@nordlys.example")
  await opened.user.type(password(), "a long sentence{Enter}")
  return { ...opened, sent, code: await screen.findByRole("textbox", { name: "Code" }) }
}

test("where a second factor is on, the form asks for its code and sends all of it", async () => {
  const { user, handleDone, sent, code } = await openSecondStep()

  expect(code).toHaveFocus()
  expect(screen.queryByRole("textbox", { name: "Email" })).not.toBeInTheDocument()
  await user.type(code, " 123 456{Enter}")

  await waitFor(() => expect(handleDone).toHaveBeenCalledOnce())
  expect(sent).toHaveBeenLastCalledWith("123 456")
})

test("a recovery code stands in for a lost device", async () => {
  const { user, handleDone, sent } = await openSecondStep()

  await user.click(screen.getByRole("button", { name: "Use a recovery code" }))
  const recovery = screen.getByRole("textbox", { name: "Recovery code" })
  expect(recovery).toHaveFocus()
  await user.type(recovery, "abcd-efgh-jkmn-pqrs{Enter}")

  await waitFor(() => expect(handleDone).toHaveBeenCalledOnce())
  expect(sent).toHaveBeenLastCalledWith("abcd-efgh-jkmn-pqrs")
})

test("a wrong code is told beside it", async () => {
  const { user, code } = await openSecondStep()
  const errors = [{ field: "code", code: "wrong_code", message: "This code is not right." }]
  server.use(http.post("/api/v1/session", () => problem(422, "invalid", { errors })))

  await user.type(code, "000000{Enter}")

  await waitFor(() => expect(code).toHaveAccessibleDescription("This code is not right."))
})

test("a password that does not match any more leads back to it", async () => {
  const { user, code } = await openSecondStep()
  const errors = [{ field: "password", code: "credentials", message: "They don’t match." }]
  server.use(http.post("/api/v1/session", () => problem(422, "invalid", { errors })))

  await user.type(code, "000000{Enter}")

  await waitFor(() => expect(password()).toHaveFocus())
  expect(password()).toBeVisible()
})

test("GitHub is offered where it is set up, and comes back to the same page", async () => {
  open("login", { github: true })

  const link = await screen.findByRole("link", { name: "Continue with GitHub" })
  expect(link).toHaveAttribute("href", "/auth/github/start?next=%2Fworkspaces%2Fw1")
})

test("a forgotten password has a way out", () => {
  open("login")

  expect(screen.queryByRole("link", { name: "Continue with GitHub" })).not.toBeInTheDocument()
  expect(screen.getByRole("link", { name: "Forgot it?" })).toHaveAttribute("href", "/forgot")
})

test("the password can be read while it is typed", async () => {
  const { user } = open("login")

  await user.type(password(), "secret")
  await user.click(screen.getByRole("button", { name: "Show the password" }))

  expect(password()).toHaveAttribute("type", "text")
  expect(password()).toHaveValue("secret")
})

test("arrows move between the two ways in", async () => {
  const { user, handleTab } = open("login")

  await user.tab()
  await user.tab()
  expect(screen.getByRole("tab", { name: "Sign in" })).toHaveFocus()
  await user.keyboard("{ArrowRight}")

  expect(handleTab).toHaveBeenCalledWith("register")
  expect(screen.getByRole("tab", { name: "Create account" })).toHaveFocus()
})

test("a new account is signed in at once where no mail has to be read", async () => {
  const sent = vi.fn()
  server.use(
    http.post("/api/v1/accounts", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeMe(), { status: 201 })
    }),
  )
  const { user, handleDone } = open("register")

  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Lena")
  await user.type(screen.getByRole("textbox", { name: "Surname" }), "Fjord")
  await user.type(email(), "lena@fjord.example")
  await user.type(password(), "a long sentence{Enter}")

  await waitFor(() => expect(handleDone).toHaveBeenCalledOnce())
  expect(sent).toHaveBeenCalledWith({
    name: "Lena",
    surname: "Fjord",
    email: "lena@fjord.example",
    password: "a long sentence",
  })
})

test("a new account that has to read its mail is told so", async () => {
  server.use(
    http.post("/api/v1/accounts", () =>
      HttpResponse.json({ status: "check_your_mail" }, { status: 202 }),
    ),
  )
  const { user, handleDone } = open("register")

  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Lena")
  await user.type(email(), "lena@fjord.example")
  await user.type(password(), "a long sentence{Enter}")

  expect(await screen.findByRole("heading", { name: "Check your mail" })).toBeInTheDocument()
  expect(screen.getByText("lena@fjord.example")).toBeInTheDocument()
  expect(handleDone).not.toHaveBeenCalled()
})

test("a short password is told with how short it is", async () => {
  const { user } = open("register")

  await user.type(await screen.findByRole("textbox", { name: "Name" }), "Lena")
  await user.type(email(), "lena@fjord.example")
  await user.type(password(), "short{Enter}")

  expect(password()).toHaveAccessibleDescription("Use 12 characters or more; this has 5.")
})

test("where nobody may register there is no form for it", async () => {
  open("register", { registration: "invited" })

  expect(await screen.findByText(/takes new people by invitation only/)).toBeInTheDocument()
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument()
})

test("an installation without an account leads to its console", async () => {
  open("login", { needs_setup: true })

  expect(await screen.findByText(/printed a set-up link on its console/)).toBeInTheDocument()
  expect(screen.queryByRole("textbox")).not.toBeInTheDocument()
})
