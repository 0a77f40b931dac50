import { queryOptions } from "@tanstack/react-query"
import { getIncident } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** One outage with its story. It tells who was told, so what rings for messages rings for it too. */
export function incidentQuery(workspaceId: string, incidentId: string) {
  return queryOptions({
    queryKey: [...queryKeys.deliveries(workspaceId), "incident", incidentId],
    queryFn: ({ signal }) => getIncident({ path: { incident_id: incidentId }, signal }),
  })
}
