import { queryOptions } from "@tanstack/react-query"
import { listIncidents, listOwnInvitations } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 10

/** The latest outages of a workspace. */
export function incidentsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.incidents(workspaceId),
    queryFn: async ({ signal }) =>
      (
        await listIncidents({
          path: { workspace_id: workspaceId },
          query: { limit: PAGE_SIZE },
          signal,
        })
      ).items,
  })
}

/** The invitations to one's own address. */
export function ownInvitationsQuery() {
  return queryOptions({
    queryKey: queryKeys.ownInvitations,
    queryFn: async ({ signal }) => (await listOwnInvitations({ signal })).items,
  })
}
