import { queryOptions } from "@tanstack/react-query"
import { getInstance, getMe } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** Who is signed in, and the workspaces that are theirs to see. */
export function meQuery() {
  return queryOptions({ queryKey: queryKeys.me, queryFn: ({ signal }) => getMe({ signal }) })
}

/** What this installation offers; it changes with a restart only. */
export function instanceQuery() {
  return queryOptions({
    queryKey: queryKeys.instance,
    queryFn: ({ signal }) => getInstance({ signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}
