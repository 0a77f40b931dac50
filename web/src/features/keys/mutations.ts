import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type ApiKey, type KeyInput, makeKey, type NewKey, revokeKey } from "@/api"
import { showToast } from "@/components/ui/toast"
import { withProof } from "@/lib/proof"
import { keysQuery } from "./queries"

/** Make a key. What is given back holds the key itself, this once. */
export function useMakeKey(workspaceId: string) {
  const queryClient = useQueryClient()
  return async (body: KeyInput): Promise<NewKey> => {
    const made = await withProof(() => makeKey({ path: { workspace_id: workspaceId }, body }))
    await queryClient.invalidateQueries({ queryKey: keysQuery(workspaceId).queryKey })
    return made
  }
}

/** Let a key open nothing any more. */
export function useRevokeKey(workspaceId: string, onRevoked: () => void) {
  const queryClient = useQueryClient()
  const { queryKey } = keysQuery(workspaceId)
  return useMutation({
    mutationFn: ({ id }: ApiKey) => revokeKey({ path: { workspace_id: workspaceId, key_id: id } }),
    onSuccess: (_, { id, name }) => {
      queryClient.setQueryData(queryKey, (keys) => keys?.filter((key) => key.id !== id))
      onRevoked()
      showToast(`${name} opens nothing any more`)
      void queryClient.invalidateQueries({ queryKey })
    },
  })
}
