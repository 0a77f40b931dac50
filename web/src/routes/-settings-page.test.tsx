import { screen, waitFor, within } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { beforeEach, expect, test, vi } from "vitest"
import type { OwnProfile } from "@/api"
import { makeAccount, makeMe } from "@/testing/factories"
import { openApp } from "@/testing/open-app"
import { problem } from "@/testing/problem"
import { server } from "@/testing/server"

const PROFILE: OwnProfile = {
  id: "01970000-0000-7000-8000-000000000001",
  name: "Sofia",
  surname: "Lindqvist",
  pronouns: "she/her",
  city: "Göteborg",
  bio: "Keeps payments boring.",
  github: "sofialin",
  linkedin: "",
  website: "",
  photo: null,
  visibility: "workspace",
  page: "/u/01970000-0000-7000-8000-000000000001",
}

const INSTANCE = {
  version: "0.1.0",
  needs_setup: false,
  registration: "open",
  github: true,
  mail: true,
  min_interval_s: 60,
  public_url: "https://status.nordlys.example",
}

const SESSION = {
  id: "s1",
  device: "Firefox on Linux",
  network: "192.0.2.4",
  created_at: "2026-04-01T08:00:00Z",
  last_seen_at: "2026-04-14T08:00:00Z",
  current: true,
}

const NOTHING = () => new HttpResponse(null, { status: 204 })

beforeEach(() => {
  server.use(
    http.get("/api/v1/me", () => HttpResponse.json(makeMe({ workspaces: [] }))),
    http.get("/api/v1/instance", () => HttpResponse.json(INSTANCE)),
    http.get("/api/v1/account", () => HttpResponse.json(makeAccount())),
    http.get("/api/v1/account/profile", () => HttpResponse.json(PROFILE)),
    http.get("/api/v1/account/sessions", () => HttpResponse.json({ items: [SESSION] })),
    http.get("/api/v1/account/events", () => HttpResponse.json({ items: [], next_cursor: null })),
  )
})

async function open() {
  const app = openApp("/settings")
  await screen.findByRole("textbox", { name: "Surname" })
  return app
}

test("what is changed is saved as a whole", async () => {
  const sent = vi.fn()
  server.use(
    http.put("/api/v1/account/profile", async ({ request }) => {
      const body = (await request.json()) as object
      sent(body)
      return HttpResponse.json({ ...PROFILE, ...body })
    }),
  )
  const { user } = await open()
  expect(screen.queryByText("Unsaved changes")).not.toBeInTheDocument()

  const city = screen.getByRole("textbox", { name: "City optional" })
  await user.clear(city)
  await user.type(city, "Malmö")
  await user.click(screen.getByRole("radio", { name: /Everyone/ }))
  await user.click(screen.getByRole("button", { name: "Save" }))

  await waitFor(() => expect(screen.queryByText("Unsaved changes")).not.toBeInTheDocument())
  const { id, photo, page, ...rest } = PROFILE
  expect(sent).toHaveBeenCalledWith({ ...rest, city: "Malmö", visibility: "public" })
})

test("a refused field is told beside it and takes the focus", async () => {
  const message = "A web address has no spaces. Did you mean lindqvist.se?"
  const errors = [{ field: "website", code: "invalid", message }]
  server.use(http.put("/api/v1/account/profile", () => problem(422, "invalid", { errors })))
  const { user } = await open()

  const website = screen.getByRole("textbox", { name: "Website" })
  await user.type(website, "lind qvist.se")
  await user.click(screen.getByRole("button", { name: "Save" }))

  await waitFor(() => expect(website).toHaveAccessibleDescription(message))
  expect(website).toHaveFocus()
})

test("what was typed can be thrown away", async () => {
  const { user } = await open()

  await user.type(screen.getByRole("textbox", { name: "Bio optional" }), " Awake.")
  expect(screen.getByText("29 of 280")).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Discard" }))

  expect(screen.getByText("22 of 280")).toBeInTheDocument()
  expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument()
})

test("a theme is shown at once and kept with the account", async () => {
  const sent = vi.fn()
  server.use(
    http.patch("/api/v1/account", async ({ request }) => {
      sent(await request.json())
      return HttpResponse.json(makeAccount({ theme: "dark" }))
    }),
  )
  const { user } = await open()

  await user.click(screen.getByRole("radio", { name: "Dark" }))

  expect(document.documentElement).toHaveAttribute("data-theme", "dark")
  await waitFor(() => expect(sent).toHaveBeenCalledWith({ theme: "dark" }))
})

test("a theme that could not be kept is taken back, with the reason", async () => {
  server.use(
    http.patch("/api/v1/account", () => problem(503, "unavailable", { detail: "Busy just now." })),
  )
  const { user } = await open()

  await user.click(screen.getByRole("radio", { name: "Dark" }))

  expect(await screen.findByText("Busy just now.")).toBeInTheDocument()
  expect(document.documentElement).not.toHaveAttribute("data-theme")
})

test("a photo that is too large is refused before it is sent", async () => {
  const { user } = await open()
  const pixels = new Uint8Array(2 * 1024 ** 2 + 1)
  const file = new File([pixels], "me.png", { type: "image/png" })

  await user.upload(screen.getByLabelText("Upload a photo"), file)

  expect(screen.getByText(/larger than 2 MB/)).toBeInTheDocument()
})

test("another session is signed out, this one is marked", async () => {
  const ended = vi.fn()
  const phone = { ...SESSION, id: "s2", device: "Safari on iOS", current: false }
  server.use(
    http.get("/api/v1/account/sessions", () => HttpResponse.json({ items: [SESSION, phone] })),
    http.delete("/api/v1/account/sessions/:id", ({ params }) => {
      ended(params.id)
      return NOTHING()
    }),
  )
  const { user } = await open()

  expect(await screen.findByText("This one")).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Sign out Safari on iOS" }))

  await waitFor(() => expect(ended).toHaveBeenCalledExactlyOnceWith("s2"))
})

test("an address that is asked for is shown until its link is opened", async () => {
  const pending_email = "sofia@lindqvist.example"
  server.use(http.get("/api/v1/account", () => HttpResponse.json(makeAccount({ pending_email }))))
  await open()

  expect(screen.getByText(/To become sofia@lindqvist.example/)).toBeInTheDocument()
  expect(screen.getByRole("button", { name: "Keep this one" })).toBeInTheDocument()
})

test("workspaces that would be left to nobody stand in the way of the end", async () => {
  const message = "Nobody else owns Nordlys. Hand it over to another member first."
  const errors = [{ field: "workspaces.w1", code: "last_owner", message }]
  server.use(http.delete("/api/v1/account", () => problem(422, "invalid", { errors })))
  const { user } = await open()

  await user.click(screen.getByRole("button", { name: "Delete account…" }))
  await user.type(screen.getByLabelText(/^Type/), "sofia@nordlys.example")
  await user.click(screen.getByRole("button", { name: "Delete account" }))

  const dialog = await screen.findByRole("dialog", { name: "Not yet" })
  expect(within(dialog).getByRole("listitem")).toHaveTextContent(message)
  const link = within(dialog).getByRole("link", { name: "Open its settings" })
  expect(link).toHaveAttribute("href", "/workspaces/w1/settings")
})

test("settings that could not be loaded can be asked for again", async () => {
  server.use(
    http.get("/api/v1/account/profile", () => problem(500, "fault", { detail: "Logged as 1." }), {
      once: true,
    }),
  )
  const { user } = openApp("/settings")

  expect(await screen.findByText("Logged as 1.")).toBeInTheDocument()
  await user.click(screen.getByRole("button", { name: "Try again" }))

  expect(await screen.findByRole("textbox", { name: "Surname" })).toBeInTheDocument()
})
