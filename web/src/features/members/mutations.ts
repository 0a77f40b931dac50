import { useMutation, useQueryClient } from "@tanstack/react-query"
import {
  editMember,
  invite,
  type Member,
  type Role,
  removeMember,
  resendInvitation,
  revokeInvitation,
  type SentInvitation,
} from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-client"
import { withProof } from "@/lib/proof"
import { queryKeys } from "@/lib/query-keys"
import { membersQuery } from "./queries"
import { ROLES } from "./words"

type RoleChange = { member: Member; role: Role }

/** Change a role at once on screen; put it back with the reason when the server refuses. */
export function useChangeRole(workspaceId: string) {
  const queryClient = useQueryClient()
  const { queryKey } = membersQuery(workspaceId)
  const setRole = (accountId: string, role: Role) =>
    queryClient.setQueryData(queryKey, (members) =>
      members?.map((one) => (one.account_id === accountId ? { ...one, role } : one)),
    )
  const mutation = useMutation({
    mutationFn: ({ member, role }: RoleChange) =>
      withProof(() =>
        editMember({
          path: { workspace_id: workspaceId, account_id: member.account_id },
          body: { role },
        }),
      ),
    onMutate: async ({ member, role }) => {
      // A refetch that was under way would bring the old role back over the new one.
      await queryClient.cancelQueries({ queryKey, exact: true })
      setRole(member.account_id, role)
    },
    onSuccess: (saved, { member }) =>
      showToast(`${saved.name} is ${ROLES[saved.role].one} now`, {
        // Nobody is made an owner again here.
        action:
          member.role === "owner"
            ? undefined
            : {
                label: "Undo",
                run: () => mutation.mutate({ member: saved, role: member.role }),
              },
      }),
    onError: (error, { member }) => {
      setRole(member.account_id, member.role)
      showToast(describeError(error), { tone: "error" })
    },
    onSettled: () => void queryClient.invalidateQueries({ queryKey, exact: true }),
  })
  return mutation
}

/** Remove a member. They stand in the list until the server says that they are out. */
export function useRemoveMember(workspaceId: string, onRemoved: () => void) {
  const queryClient = useQueryClient()
  const { queryKey } = membersQuery(workspaceId)
  return useMutation({
    mutationFn: ({ account_id }: Member) =>
      withProof(() => removeMember({ path: { workspace_id: workspaceId, account_id } })),
    onSuccess: (_, member) => {
      queryClient.setQueryData(queryKey, (members) =>
        members?.filter(({ account_id }) => account_id !== member.account_id),
      )
      onRemoved()
      showToast(`${member.name} is no member any more`)
      void queryClient.invalidateQueries({ queryKey, exact: true })
      void queryClient.invalidateQueries({ queryKey: queryKeys.people(workspaceId) })
    },
  })
}

/** Invite one address. A refusal is thrown as an `ApiError`. */
export function useInvite(workspaceId: string) {
  const queryClient = useQueryClient()
  return async (email: string, role: Role): Promise<SentInvitation> => {
    const sent = await invite({ path: { workspace_id: workspaceId }, body: { email, role } })
    await queryClient.invalidateQueries({ queryKey: queryKeys.invitations(workspaceId) })
    return sent
  }
}

/** Send an invitation once more: a new link, which works for seven days. */
export function useResendInvitation(workspaceId: string, onSent: (sent: SentInvitation) => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (invitationId: string) =>
      resendInvitation({ path: { workspace_id: workspaceId, invitation_id: invitationId } }),
    onSuccess: (sent) => {
      onSent(sent)
      if (sent.link === null) showToast(`A new link is on its way to ${sent.invitation.email}`)
    },
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () =>
      queryClient.invalidateQueries({ queryKey: queryKeys.invitations(workspaceId) }),
  })
}

/** Withdraw an invitation; its link is dead at once. */
export function useRevokeInvitation(workspaceId: string, onRevoked: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (invitationId: string) =>
      revokeInvitation({ path: { workspace_id: workspaceId, invitation_id: invitationId } }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: queryKeys.invitations(workspaceId) })
      onRevoked()
      showToast("The invitation is withdrawn")
    },
  })
}
