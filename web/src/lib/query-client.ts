import { QueryClient } from "@tanstack/react-query"
import { ApiError } from "@/lib/api-error"

const RETRIES = 2

/**
 * Make the cache of server state.
 *
 * The event stream invalidates what changed, so nothing polls; a tab that comes back refetches.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 30_000, retry: shouldRetry },
      mutations: { retry: false },
    },
  })
}

// A refusal stays a refusal; only a missing or overloaded server is worth asking again.
function shouldRetry(failures: number, error: unknown): boolean {
  const passing = error instanceof ApiError && (error.status === 0 || error.status >= 502)
  return passing && failures < RETRIES
}
