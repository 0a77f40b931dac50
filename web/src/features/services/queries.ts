import { type QueryClient, queryOptions } from "@tanstack/react-query"
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

/**
 * Bring the rows of some services up to date, as far as somebody looks at them.
 *
 * One result of one of five hundred services must not fetch all of them again.
 */
export async function refreshRows(
  queryClient: QueryClient,
  workspaceId: string,
  serviceIds: readonly string[],
): Promise<void> {
  const { queryKey } = servicesQuery(workspaceId)
  const fetchAll = () => queryClient.invalidateQueries({ queryKey })
  const list = queryClient.getQueryCache().find({ queryKey })
  const isAtRest = list?.state.fetchStatus === "idle" && !list.state.isInvalidated
  if (!isAtRest || !list.isActive()) return fetchAll()
  const query = { only: [...serviceIds], limit: PAGE_SIZE }
  const page = await listServices({ path: { workspace_id: workspaceId }, query }).catch(() => null)
  const rows = page && mergeRows(queryClient.getQueryData(queryKey), page.items, serviceIds)
  if (!rows || list.state.fetchStatus !== "idle") return fetchAll()
  queryClient.setQueryData(queryKey, rows)
}

/** Rows with some of them anew; `null` where one has come whose place in the list is not known. */
export function mergeRows(
  rows: readonly ServiceRow[] | undefined,
  found: readonly ServiceRow[],
  serviceIds: readonly string[],
): ServiceRow[] | null {
  const anew = new Map(found.map((row) => [row.id, row]))
  const isSame = ({ id, name }: ServiceRow) =>
    rows?.some((row) => row.id === id && row.name === name)
  if (!rows || !found.every(isSame)) return null
  return rows.flatMap((row) => {
    if (!serviceIds.includes(row.id)) return [row]
    // What is asked for and not found was deleted.
    return anew.get(row.id) ?? []
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
