import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import {
  createMemoryHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router"
import { type RenderResult, render } from "@testing-library/react"
import userEvent, { type UserEvent } from "@testing-library/user-event"
import type { ReactNode } from "react"

type Rendered = RenderResult & { user: UserEvent; queryClient: QueryClient }

/** Render something that needs neither router nor cache. */
export function renderPlain(ui: ReactNode): RenderResult & { user: UserEvent } {
  return { user: userEvent.setup(), ...render(ui) }
}

/** Render a component as the page at `path`, with a router and a cache of its own. */
export async function renderPage(ui: ReactNode, path = "/"): Promise<Rendered> {
  const queryClient = new QueryClient({
    defaultOptions: { queries: { retry: false, staleTime: Number.POSITIVE_INFINITY } },
  })
  const root = createRootRouteWithContext()()
  const page = createRoute({ getParentRoute: () => root, path: "$", component: () => ui })
  const index = createRoute({ getParentRoute: () => root, path: "/", component: () => ui })
  const router = createRouter({
    routeTree: root.addChildren([index, page]),
    history: createMemoryHistory({ initialEntries: [path] }),
  })
  await router.load()
  const result = render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  )
  return { user: userEvent.setup(), queryClient, ...result }
}
