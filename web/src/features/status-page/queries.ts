import { queryOptions } from "@tanstack/react-query"
import { getStatusPage } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** What a workspace says of its public page, published or not. */
export function statusPageQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.statusPage(workspaceId),
    queryFn: ({ signal }) => getStatusPage({ path: { workspace_id: workspaceId }, signal }),
  })
}

/** Where members see the page as everybody would. */
export function previewHref(workspaceId: string): string {
  return `/api/v1/workspaces/${workspaceId}/status-page/preview`
}
