import { useQueryClient } from "@tanstack/react-query"
import { editStatusPage, type PageEdit, type StatusPage } from "@/api"
import { queryKeys } from "@/lib/query-keys"
import { statusPageQuery } from "./queries"

/** Change the page, but only the version that was shown: a later one wins with a 412. */
export function useEditStatusPage(workspaceId: string) {
  const queryClient = useQueryClient()
  return async (version: number, body: PageEdit): Promise<StatusPage> => {
    const saved = await editStatusPage({
      path: { workspace_id: workspaceId },
      headers: { "If-Match": `"${version}"` },
      body,
    })
    queryClient.setQueryData(statusPageQuery(workspaceId).queryKey, saved)
    void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId), exact: true })
    return saved
  }
}
