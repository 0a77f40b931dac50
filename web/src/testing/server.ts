import { HttpResponse, http } from "msw"
import { setupServer } from "msw/node"

/**
 * The API as the tests script it; a request nobody scripted fails the test.
 *
 * What the frame of every page asks for has an answer already.
 */
export const server = setupServer(
  http.get("/api/v1/workspaces/:id/members", () => HttpResponse.json({ items: [] })),
)
