import { queryOptions } from "@tanstack/react-query"
import { listDeletedWorkspaces } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** The workspaces that the reader deleted as an owner and can have back. */
export function deletedWorkspacesQuery() {
  return queryOptions({
    queryKey: queryKeys.deletedWorkspaces,
    queryFn: async ({ signal }) => (await listDeletedWorkspaces({ signal })).items,
  })
}
