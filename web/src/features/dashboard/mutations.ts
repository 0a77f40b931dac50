import { useMutation, useQueryClient } from "@tanstack/react-query"
import { acceptOwnInvitation, declineOwnInvitation } from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-client"
import { queryKeys } from "@/lib/query-keys"

/** Accept an invitation, and go into the workspace. */
export function useAcceptInvitation(onJoined: (workspaceId: string) => Promise<void>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (invitationId: string) =>
      acceptOwnInvitation({ path: { invitation_id: invitationId } }),
    onSuccess: async ({ workspace_id }) => {
      // The way into it is opened by the list of one's own workspaces.
      await queryClient.refetchQueries({ queryKey: queryKeys.me })
      await onJoined(workspace_id)
    },
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.dashboard }),
  })
}

/** Decline an invitation; who sent it sees that. */
export function useDeclineInvitation() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (invitationId: string) =>
      declineOwnInvitation({ path: { invitation_id: invitationId } }),
    onSuccess: () => showToast("The invitation is declined"),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: queryKeys.dashboard }),
  })
}
