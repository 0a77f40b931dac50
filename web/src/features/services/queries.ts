import { queryOptions } from "@tanstack/react-query"
import { getFigures, getService, listServices, type Range, type ServiceRow } from "@/api"
import { queryKeys } from "@/lib/query-keys"

const PAGE_SIZE = 200

/** Every service of a workspace, as the rows of its page. */
export function servicesQuery(workspaceId: string) {
  return queryOptions({
    queryKey: queryKeys.services(workspaceId),
    queryFn: ({ signal }) => listAllServices(workspaceId, signal),
  })
}

/** One service with its checks, recipients and figures. */
export function serviceQuery(serviceId: string) {
  return queryOptions({
    queryKey: queryKeys.service(serviceId),
    queryFn: ({ signal }) => getService({ path: { service_id: serviceId }, signal }),
  })
}

/** Response times, outages and events of a service over a range. */
export function figuresQuery(serviceId: string, range: Range) {
  return queryOptions({
    queryKey: queryKeys.figures(serviceId, range),
    queryFn: ({ signal }) =>
      getFigures({ path: { service_id: serviceId }, query: { range }, signal }),
  })
}

async function listAllServices(workspaceId: string, signal: AbortSignal): Promise<ServiceRow[]> {
  const rows: ServiceRow[] = []
  let cursor: string | undefined
  do {
    const page = await listServices({
      path: { workspace_id: workspaceId },
      query: { limit: PAGE_SIZE, cursor },
      signal,
    })
    rows.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return rows
}
