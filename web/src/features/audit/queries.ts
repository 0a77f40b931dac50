import { infiniteQueryOptions } from "@tanstack/react-query"
import { listAudit } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 50

/** Whose lines, and about what; all of them without either. */
export interface AuditFilter {
  person?: string
  service?: string
}

/** Who did what in a workspace, newest first, page by page. */
export function auditQuery(workspaceId: string, filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: [...queryKeys.audit(workspaceId), filter.person ?? "", filter.service ?? ""],
    queryFn: ({ pageParam, signal }) =>
      listAudit({
        path: { workspace_id: workspaceId },
        query: { limit: PAGE_SIZE, cursor: pageParam, ...filter },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // Nothing announces a new line, so every visit asks.
    staleTime: 0,
  })
}
