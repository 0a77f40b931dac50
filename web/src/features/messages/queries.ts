import { infiniteQueryOptions } from "@tanstack/react-query"
import { listDeliveries } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 50

/** The messages of a workspace, newest first, page by page. */
export function messagesQuery(workspaceId: string) {
  return infiniteQueryOptions({
    queryKey: queryKeys.deliveries(workspaceId),
    queryFn: ({ pageParam, signal }) =>
      listDeliveries({
        path: { workspace_id: workspaceId },
        query: { limit: PAGE_SIZE, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
}
