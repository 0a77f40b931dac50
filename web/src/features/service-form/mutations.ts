import { useQueryClient } from "@tanstack/react-query"
import { createService, editService, type Service, type ServiceInput } from "@/api"
import { showToast } from "@/components/ui/toast"
import { queryKeys } from "@/lib/query-keys"
import type { ChangedParts } from "./service-form"

/** Make a service; what lists it is fetched anew. */
export function useCreateService(workspaceId: string) {
  const queryClient = useQueryClient()
  return async (body: ServiceInput): Promise<Service> => {
    const service = await createService({ path: { workspace_id: workspaceId }, body })
    queryClient.setQueryData(queryKeys.service(service.id), service)
    void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId) })
    showToast(`${service.name} is being watched`)
    return service
  }
}

/** Change a service, but only the version that was shown: a later one wins with a 412. */
export function useEditService(workspaceId: string, { id, version }: Service) {
  const queryClient = useQueryClient()
  return async (body: ChangedParts): Promise<Service> => {
    const service = await editService({
      path: { service_id: id },
      headers: { "If-Match": `"${version}"` },
      body,
    })
    queryClient.setQueryData(queryKeys.service(id), service)
    void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId) })
    showToast(`${service.name} is saved`)
    return service
  }
}
