import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query"
import {
  acceptOffer,
  createWorkspace,
  declineOffer,
  deleteWorkspace,
  editWorkspace,
  leaveWorkspace,
  type Me,
  offerWorkspace,
  restoreWorkspace,
  type Workspace,
  type WorkspaceEdit,
  type WorkspaceInput,
  withdrawOffer,
} from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError, listFieldErrors } from "@/lib/api-client"
import { withProof } from "@/lib/proof"
import { queryKeys } from "@/lib/query-keys"

/** Make a workspace; the reader owns it. */
export function useCreateWorkspace() {
  const queryClient = useQueryClient()
  return async (body: WorkspaceInput): Promise<Workspace> => {
    const workspace = await createWorkspace({ body })
    queryClient.setQueryData(queryKeys.workspace(workspace.id), workspace)
    // The way into it is opened by the list of one's own workspaces.
    await queryClient.refetchQueries({ queryKey: queryKeys.me })
    showToast(`${workspace.name} is ready`)
    return workspace
  }
}

/** Change name, zone or what admins may at once on screen; roll back when the server refuses. */
export function useEditWorkspace(workspaceId: string) {
  const queryClient = useQueryClient()
  const mutation = useMutation({
    mutationFn: (body: WorkspaceEdit) =>
      editWorkspace({ path: { workspace_id: workspaceId }, body }),
    onMutate: (change) => patchWorkspace(queryClient, workspaceId, change),
    onSuccess: (saved, change, { before }) => {
      queryClient.setQueryData(queryKeys.workspace(workspaceId), saved)
      showToast(`${saved.name} is saved`, {
        action: before && { label: "Undo", run: () => mutation.mutate(takeBack(change, before)) },
      })
    },
    onError: (error, _, rollBack) => {
      rollBack?.restore()
      // A refused field is explained beside it.
      if (listFieldErrors(error).length === 0) showToast(describeError(error), { tone: "error" })
    },
    onSettled: () => void queryClient.invalidateQueries({ queryKey: queryKeys.me }),
  })
  return mutation
}

/** Offer the workspace to a member, who becomes its owner when they accept. */
export function useOfferWorkspace(workspaceId: string) {
  const queryClient = useQueryClient()
  return async (accountId: string): Promise<void> => {
    const workspace = await withProof(() =>
      offerWorkspace({ path: { workspace_id: workspaceId }, body: { account_id: accountId } }),
    )
    queryClient.setQueryData(queryKeys.workspace(workspaceId), workspace)
    if (workspace.offer) showToast(`${workspace.offer.to} can accept for seven days`)
  }
}

export function useWithdrawOffer(workspaceId: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => withdrawOffer({ path: { workspace_id: workspaceId } }),
    onSuccess: () => showToast("The offer is withdrawn"),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => refreshAll(queryClient, workspaceId),
  })
}

/** Accept or decline to own the workspace. */
export function useAnswerOffer(workspaceId: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: async (answer: "accept" | "decline") => {
      const path = { workspace_id: workspaceId }
      if (answer === "decline") await declineOffer({ path })
      else await withProof(() => acceptOffer({ path }))
    },
    onSuccess: (_, answer) =>
      showToast(answer === "accept" ? "You own this workspace now" : "The offer is declined"),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => refreshAll(queryClient, workspaceId),
  })
}

/** Leave; nothing of the workspace stays in this browser. */
export function useLeaveWorkspace(workspace: Gone, onLeft: () => Promise<void>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => leaveWorkspace({ path: { workspace_id: workspace.id } }),
    onSuccess: async () => {
      await forget(queryClient, workspace, onLeft)
      showToast(`You left ${workspace.name}`)
    },
  })
}

/** Delete; for seven days its owners can have it back. */
export function useDeleteWorkspace(workspace: Gone, onDeleted: () => Promise<void>) {
  const queryClient = useQueryClient()
  return async (name: string): Promise<void> => {
    await withProof(() => deleteWorkspace({ path: { workspace_id: workspace.id }, body: { name } }))
    await forget(queryClient, workspace, onDeleted)
    showToast(`${workspace.name} is deleted`)
  }
}

/** Have a deleted workspace back, as it was. */
export function useRestoreWorkspace() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (workspaceId: string) => restoreWorkspace({ path: { workspace_id: workspaceId } }),
    onSuccess: (workspace) => showToast(`${workspace.name} is back`),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => queryClient.refetchQueries({ queryKey: queryKeys.me }),
  })
}

type Gone = { id: string; name: string }

/** Leave its pages first: what they show must not be asked for once more, only to be refused. */
async function forget(
  queryClient: QueryClient,
  { id }: Gone,
  onGone: () => Promise<void>,
): Promise<void> {
  queryClient.setQueryData<Me>(
    queryKeys.me,
    (me) => me && { ...me, workspaces: me.workspaces.filter((one) => one.id !== id) },
  )
  queryClient.removeQueries({ queryKey: queryKeys.dashboard })
  await onGone()
  for (const queryKey of [queryKeys.workspace(id), queryKeys.members(id), queryKeys.keys(id)]) {
    queryClient.removeQueries({ queryKey })
  }
}

/** What stood in the cache before an optimistic change, to be put back when it fails. */
type RollBack = { before: Workspace | undefined; restore: () => void }

async function patchWorkspace(
  queryClient: QueryClient,
  workspaceId: string,
  change: WorkspaceEdit,
): Promise<RollBack> {
  const key = queryKeys.workspace(workspaceId)
  // A refetch that was under way would bring the old state back over the new one.
  await Promise.all([
    queryClient.cancelQueries({ queryKey: key, exact: true }),
    queryClient.cancelQueries({ queryKey: queryKeys.me }),
  ])
  const before = queryClient.getQueryData<Workspace>(key)
  const meBefore = queryClient.getQueryData<Me>(queryKeys.me)
  const named = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null))
  queryClient.setQueryData<Workspace>(key, (workspace) => workspace && { ...workspace, ...named })
  queryClient.setQueryData<Me>(queryKeys.me, (me) => me && renameIn(me, workspaceId, change.name))
  return {
    before,
    restore: () => {
      queryClient.setQueryData(key, before)
      queryClient.setQueryData(queryKeys.me, meBefore)
    },
  }
}

/** The change that makes the same parts what they were. */
function takeBack(change: WorkspaceEdit, before: Workspace): WorkspaceEdit {
  return Object.fromEntries(
    Object.keys(change).map((part) => [part, before[part as keyof WorkspaceEdit]]),
  )
}

function renameIn(me: Me, workspaceId: string, name: string | null | undefined): Me {
  if (!name) return me
  const workspaces = me.workspaces.map((one) => (one.id === workspaceId ? { ...one, name } : one))
  return { ...me, workspaces }
}

function refreshAll(queryClient: QueryClient, workspaceId: string) {
  return Promise.all([
    queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId), exact: true }),
    queryClient.invalidateQueries({ queryKey: queryKeys.me }),
    queryClient.invalidateQueries({ queryKey: queryKeys.members(workspaceId) }),
  ])
}
