import "@/styles/index.css"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"

// Signing in is a small page of its own: router, cache and screens of the app load after it.
const AUTH_PATHS = /^\/(login|register|setup|forgot|(invite|reset)\/[^/]+)\/?$/

void start()

async function start(): Promise<void> {
  const Page = await loadPage()
  const root = document.getElementById("root")
  if (!root) throw new Error("index.html has no #root")
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  )
}

async function loadPage() {
  if (AUTH_PATHS.test(window.location.pathname)) return (await import("@/auth-page")).AuthPage
  return (await import("@/app")).App
}
