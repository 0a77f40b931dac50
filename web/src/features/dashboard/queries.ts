import { queryOptions } from "@tanstack/react-query"
import { getDashboard } from "@/api"
import { queryKeys } from "@/lib/query-keys"

/** All workspaces of the reader at a glance, with what waits for an answer. */
export function dashboardQuery() {
  return queryOptions({
    queryKey: queryKeys.dashboard,
    queryFn: ({ signal }) => getDashboard({ signal }),
  })
}
