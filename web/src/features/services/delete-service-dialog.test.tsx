import { screen } from "@testing-library/react"
import { HttpResponse, http } from "msw"
import { expect, test, vi } from "vitest"
import { renderPage } from "@/testing/render"
import { server } from "@/testing/server"
import { DeleteServiceDialog } from "./delete-service-dialog"

const service = { id: "s1", name: "Payments webhook", workspaceId: "w1" }

async function setUp() {
  const calls = { onClose: vi.fn(), onDeleted: vi.fn() }
  const rendered = await renderPage(<DeleteServiceDialog service={service} isOpen {...calls} />)
  return { ...rendered, ...calls }
}

/** How often the server was asked to delete. */
function countDeletions(answer: () => Response) {
  const counted = { deletions: 0 }
  server.use(
    http.delete("/api/v1/services/s1", () => {
      counted.deletions += 1
      return answer() as HttpResponse<null>
    }),
  )
  return counted
}

const gone = () => new HttpResponse(null, { status: 204 })

test("one press does not delete: the name must be typed", async () => {
  const counted = countDeletions(gone)
  const { user } = await setUp()

  await user.type(screen.getByLabelText(/^Type/), "Payments")
  await user.click(screen.getByRole("button", { name: "Delete service" }))

  expect(screen.getByLabelText(/^Type/)).toHaveAccessibleDescription(
    "Type Payments webhook, exactly as it stands above.",
  )
  expect(counted.deletions).toBe(0)
})

test("the typed name deletes the service", async () => {
  const counted = countDeletions(gone)
  const { user, onDeleted } = await setUp()

  await user.type(screen.getByLabelText(/^Type/), "Payments webhook{Enter}")

  await vi.waitFor(() => expect(onDeleted).toHaveBeenCalledOnce())
  expect(counted.deletions).toBe(1)
})

test("a refusal stays in the dialog with its reason", async () => {
  const detail = "Only an owner or an admin can delete a service."
  countDeletions(() =>
    HttpResponse.json(
      { type: "about:blank", title: "No", status: 403, code: "not_allowed", detail },
      { status: 403 },
    ),
  )
  const { user, onDeleted } = await setUp()

  await user.type(screen.getByLabelText(/^Type/), "Payments webhook{Enter}")

  expect(await screen.findByText(detail)).toBeInTheDocument()
  expect(onDeleted).not.toHaveBeenCalled()
})

test("the way out keeps it", async () => {
  const { user, onClose } = await setUp()

  await user.click(screen.getByRole("button", { name: "Keep it" }))

  expect(onClose).toHaveBeenCalledOnce()
})
