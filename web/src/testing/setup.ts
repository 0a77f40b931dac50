import "@testing-library/jest-dom/vitest"
import { cleanup } from "@testing-library/react"
import { afterAll, afterEach, beforeAll } from "vitest"
import { configureApiClient } from "@/lib/api-client"
import { server } from "@/testing/server"

beforeAll(() => {
  server.listen({ onUnhandledFrame: "error" })
  configureApiClient()
})
afterEach(() => {
  cleanup()
  server.resetHandlers()
  delete document.documentElement.dataset.theme
  localStorage.clear()
})
afterAll(() => server.close())
