import "@/styles/index.css"
import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import {
  createMemoryHistory,
  createRootRouteWithContext,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { Toaster } from "@/components/ui/toast"
import { answerFromHere } from "./answers"
import { Gallery } from "./gallery"

answerFromHere()

const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } })
const root = createRootRouteWithContext()({ component: Page, notFoundComponent: Page })
const router = createRouter({ routeTree: root, history: createMemoryHistory() })

function Page() {
  return (
    <>
      <Gallery />
      <Toaster />
    </>
  )
}

const host = document.getElementById("root")
if (!host) throw new Error("gallery.html has no #root")
createRoot(host).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>
  </StrictMode>,
)
