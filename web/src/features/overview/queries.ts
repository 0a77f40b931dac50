import { queryOptions } from "@tanstack/react-query"
import { getWorkspace } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** A workspace with its figures of the last 90 days. */
export function workspaceQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.workspace(workspaceId),
    queryFn: ({ signal }) => getWorkspace({ path: { workspace_id: workspaceId }, signal }),
  })
}
