import { infiniteQueryOptions } from "@tanstack/react-query"
import { listDeliveries } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 50

/** The messages of a workspace, or of one outage in it, newest first, page by page. */
export function messagesQuery(workspaceId: string, incidentId?: string) {
  const all = queryKeys.deliveries(workspaceId)
  return infiniteQueryOptions({
    queryKey: incidentId ? [...all, "of", incidentId] : all,
    queryFn: ({ pageParam, signal }) =>
      listDeliveries({
        path: { workspace_id: workspaceId },
        query: { limit: PAGE_SIZE, cursor: pageParam, incident: incidentId },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
}
