import { queryOptions } from "@tanstack/react-query"
import { listKeys } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** One's own keys of a workspace, and for owners those of others too, the newest first. */
export function keysQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.keys(workspaceId),
    queryFn: async ({ signal }) =>
      (await listKeys({ path: { workspace_id: workspaceId }, signal })).items,
  })
}
