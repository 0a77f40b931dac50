import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import { getAccount, getInstance, getMe, getOwnProfile, listEvents, listSessions } from "@/api"
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

/** What is set for one's own account; its first word is the one of all that belongs to it. */
export function accountQuery() {
  return queryOptions({
    queryKey: queryKeys.account,
    queryFn: ({ signal }) => getAccount({ signal }),
  })
}

/** What one tells of oneself, and to whom. */
export function profileQuery() {
  return queryOptions({
    queryKey: queryKeys.profile,
    queryFn: ({ signal }) => getOwnProfile({ signal }),
  })
}

/** Where one is signed in. */
export function sessionsQuery() {
  return queryOptions({
    queryKey: queryKeys.sessions,
    queryFn: async ({ signal }) => (await listSessions({ signal })).items,
  })
}

const EVENTS_AT_ONCE = 10

/** What happened to one's own account, newest first. */
export function eventsQuery() {
  return infiniteQueryOptions({
    queryKey: queryKeys.accountEvents,
    queryFn: ({ signal, pageParam }) =>
      listEvents({ query: { limit: EVENTS_AT_ONCE, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
}
