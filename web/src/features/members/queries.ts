import { queryOptions } from "@tanstack/react-query"
import { type Invitation, listInvitations, listMembers } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 200

/** Who is in a workspace, in the order in which they joined. */
export function membersQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.members(workspaceId),
    queryFn: async ({ signal }) =>
      (await listMembers({ path: { workspace_id: workspaceId }, signal })).items,
  })
}

/** The invitations that nobody has accepted yet, the latest first. */
export function invitationsQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.invitations(workspaceId),
    queryFn: ({ signal }) => listAllInvitations(workspaceId, signal),
  })
}

async function listAllInvitations(workspaceId: string, signal: AbortSignal): Promise<Invitation[]> {
  const found: Invitation[] = []
  let cursor: string | undefined
  do {
    const page = await listInvitations({
      path: { workspace_id: workspaceId },
      query: { limit: PAGE_SIZE, cursor },
      signal,
    })
    found.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return found
}
