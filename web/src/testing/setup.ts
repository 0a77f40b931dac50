import "@testing-library/jest-dom/vitest"
import { cleanup, configure } from "@testing-library/react"
import { afterAll, afterEach, beforeAll } from "vitest"
import { fillJsdomGaps } from "@/testing/jsdom-gaps"
import { server } from "@/testing/server"

// How long a test waits for what must come. A busy machine needs it; a passing test does not.
configure({ asyncUtilTimeout: 10_000 })

fillJsdomGaps()

beforeAll(() => server.listen({ onUnhandledFrame: "error" }))
afterEach(() => {
  cleanup()
  server.resetHandlers()
  delete document.documentElement.dataset.theme
  localStorage.clear()
})
afterAll(() => server.close())
