import { QueryClientProvider } from "@tanstack/react-query"
import { createRouter, RouterProvider } from "@tanstack/react-router"
import { createQueryClient } from "@/lib/query-client"
import { routeTree } from "@/route-tree.gen"

const keepOfflinePage = async () => (await import("@/lib/offline-page")).keepOfflinePage()
const OFFLINE_PAGE_AFTER_MS = 2000

const queryClient = createQueryClient()

const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: "intent",
  // Loaders go through the query cache, which decides what is fresh.
  defaultPreloadStaleTime: 0,
  defaultViewTransition: true,
  // A skeleton that flashes is worse than none.
  defaultPendingMs: 200,
  defaultPendingMinMs: 400,
  scrollRestoration: true,
})

// A new page begins at its top for everybody: keyboard and reader would else stay on a link that
// is gone. Opening a row or filtering changes the search only and moves nothing.
router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
  if (fromLocation && pathChanged) document.getElementById("main")?.focus({ preventScroll: true })
})

// A page that the browser kept while it was left shows what was; it is asked for anew.
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) void queryClient.invalidateQueries()
})

if (import.meta.env.PROD) {
  // After everything that somebody waits for.
  setTimeout(keepOfflinePage, OFFLINE_PAGE_AFTER_MS)
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router
  }
}

/** The signed-in product: router and cache. */
export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  )
}
