import { queryOptions } from "@tanstack/react-query"
import { getService, listPeople } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** The people of a workspace, for the question who is told. */
export function peopleQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.people(workspaceId),
    queryFn: async ({ signal }) =>
      (await listPeople({ path: { workspace_id: workspaceId }, signal })).items,
  })
}

/**
 * A service as it is right now, to be edited.
 *
 * The form fills itself once, so it never starts from a copy in the cache.
 */
export function editedServiceQuery(serviceId: string) {
  return queryOptions({
    queryKey: [...queryKeys.service(serviceId), "edited"],
    queryFn: ({ signal }) => getService({ path: { service_id: serviceId }, signal }),
    staleTime: 0,
    gcTime: 0,
  })
}
