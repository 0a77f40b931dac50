import {
  mutationOptions,
  type QueryClient,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query"
import {
  checkNow,
  deleteService,
  editService,
  type Me,
  type Period,
  pauseService,
  type Recipient,
  resumeService,
  type Service,
  type ServiceRow,
  subscribe,
  unsubscribe,
} from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError, listFieldErrors } from "@/lib/api-client"
import { formatPeriod, periodSeconds } from "@/lib/format"
import { queryKeys } from "@/lib/query-keys"
import { serviceQuery, servicesQuery } from "./queries"

/** Which service an action is for, and the page that lists it. */
export interface ServiceRef {
  id: string
  name: string
  workspaceId: string
}

/** Change the period at once on screen; roll back with the reason when the server refuses. */
export function useEditPeriod(service: ServiceRef) {
  const queryClient = useQueryClient()
  const mutation = useMutation({
    mutationFn: ({ period, version }: { period: Period; version: number }) =>
      editService({
        path: { service_id: service.id },
        headers: { "If-Match": `"${version}"` },
        body: { period },
      }),
    onMutate: ({ period }) =>
      patchService(queryClient, service, { period, period_s: periodSeconds(period) }),
    onSuccess: (saved, { period }, rollBack) => {
      queryClient.setQueryData(serviceQuery(service.id).queryKey, saved)
      showToast(`${service.name} is checked ${formatPeriod(period)} now`, {
        action: rollBack.before && {
          label: "Undo",
          run: () =>
            rollBack.before &&
            mutation.mutate({ period: rollBack.before.period, version: saved.version }),
        },
      })
    },
    onError: (error, _, rollBack) => {
      rollBack?.restore()
      // A refused period is explained beside its field.
      if (findPeriodRefusal(error) === null) showToast(describeError(error), { tone: "error" })
    },
    onSettled: () => refresh(queryClient, service),
  })
  return mutation
}

/** What the server says is wrong with a period, or `null` when it refused for another reason. */
export function findPeriodRefusal(error: unknown): string | null {
  return listFieldErrors(error).find(({ field }) => field.startsWith("period"))?.message ?? null
}

/** Pause or resume at once on screen, with a way back. */
export function usePauseOrResume(service: ServiceRef) {
  return useMutation(pauseOrResume(useQueryClient(), service))
}

/** The same from where nothing stays on screen that could wait for it. */
export function startPauseOrResume(
  queryClient: QueryClient,
  service: ServiceRef,
  mode: Service["mode"],
): void {
  const mutation = queryClient
    .getMutationCache()
    .build(queryClient, pauseOrResume(queryClient, service))
  // Whoever is refused is told by the mutation itself.
  mutation.execute(mode).catch(() => {})
}

function pauseOrResume(queryClient: QueryClient, service: ServiceRef) {
  return mutationOptions({
    mutationFn: (mode: Service["mode"]) =>
      mode === "paused"
        ? pauseService({ path: { service_id: service.id } })
        : resumeService({ path: { service_id: service.id } }),
    onMutate: (mode) =>
      patchService(queryClient, service, {
        mode,
        shown: mode === "paused" ? "paused" : "checking",
      }),
    onSuccess: (saved, mode) => {
      queryClient.setQueryData(serviceQuery(service.id).queryKey, saved)
      const isPaused = mode === "paused"
      const undo = () => startPauseOrResume(queryClient, service, isPaused ? "active" : "paused")
      showToast(`${service.name} is ${isPaused ? "paused" : "watched again"}`, {
        action: { label: "Undo", run: undo },
      })
    },
    onError: (error, _, rollBack) => {
      rollBack?.restore()
      showToast(describeError(error), { tone: "error" })
    },
    onSettled: () => refresh(queryClient, service),
  })
}

/** Put oneself on the told-list, or take oneself off, at once on screen and with a way back. */
export function useTellMe(service: ServiceRef) {
  const queryClient = useQueryClient()
  const mutation = useMutation({
    mutationFn: async (isTold: boolean) => {
      const path = { service_id: service.id }
      if (isTold) await subscribe({ path })
      else await unsubscribe({ path })
    },
    onMutate: (isTold) => {
      const told = queryClient.getQueryData(serviceQuery(service.id).queryKey)?.recipients ?? []
      const me = queryClient.getQueryData<Me>(queryKeys.me)
      const others = told.filter(({ you }) => !you)
      const recipients = isTold && me ? [...others, asRecipient(me)] : others
      return patchService(queryClient, service, { recipients })
    },
    onSuccess: (_, isTold) =>
      showToast(
        isTold ? `You are told when ${service.name} breaks` : `${service.name} tells you no more`,
        { action: { label: "Undo", run: () => mutation.mutate(!isTold) } },
      ),
    onError: (error, _, rollBack) => {
      rollBack?.restore()
      showToast(describeError(error), { tone: "error" })
    },
    onSettled: () => refresh(queryClient, service),
  })
  return mutation
}

function asRecipient({ id, name, email }: Me): Recipient {
  return { id: `of-${id}`, account_id: id, name, email, state: "confirmed", you: true }
}

/** Ask for a check now; its result arrives like any other. */
export function useCheckNow(service: ServiceRef) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => checkNow({ path: { service_id: service.id } }),
    onSuccess: () => showToast(`Checking ${service.name} now`),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
    onSettled: () => refresh(queryClient, service),
  })
}

/** Delete for good. Nothing is shown as deleted before the server says so. */
export function useDeleteService(service: ServiceRef, onDeleted: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => deleteService({ path: { service_id: service.id } }),
    onSuccess: () => {
      queryClient.setQueryData(servicesQuery(service.workspaceId).queryKey, (rows) =>
        rows?.filter((row) => row.id !== service.id),
      )
      onDeleted()
      queryClient.removeQueries({ queryKey: queryKeys.service(service.id) })
      showToast(`${service.name} is deleted`)
      void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(service.workspaceId) })
    },
  })
}

/** What stood in the cache before an optimistic change, to be put back when it fails. */
interface RollBack {
  before: Service | undefined
  restore: () => void
}

async function patchService(
  queryClient: QueryClient,
  { id, workspaceId }: ServiceRef,
  change: Partial<Pick<Service, "mode" | "shown" | "period" | "period_s" | "recipients">>,
): Promise<RollBack> {
  const serviceKey = serviceQuery(id).queryKey
  const rowsKey = servicesQuery(workspaceId).queryKey
  // A refetch that was under way would bring the old state back over the new one.
  await Promise.all([
    queryClient.cancelQueries({ queryKey: serviceKey, exact: true }),
    queryClient.cancelQueries({ queryKey: rowsKey }),
  ])
  const before = queryClient.getQueryData(serviceKey)
  const rowsBefore = queryClient.getQueryData(rowsKey)
  queryClient.setQueryData(serviceKey, (service) => service && { ...service, ...change })
  queryClient.setQueryData(rowsKey, (rows) => rows?.map((row) => patchRow(row, id, change)))
  return {
    before,
    restore: () => {
      queryClient.setQueryData(serviceKey, before)
      queryClient.setQueryData(rowsKey, rowsBefore)
    },
  }
}

function patchRow(row: ServiceRow, id: string, change: Partial<Service>): ServiceRow {
  if (row.id !== id) return row
  const { mode = row.mode, shown = row.shown, period_s = row.period_s } = change
  return { ...row, mode, shown, period_s }
}

/** Not waited for: a press is done when the server has answered it. */
function refresh(queryClient: QueryClient, { id, workspaceId }: ServiceRef): void {
  void queryClient.invalidateQueries({ queryKey: queryKeys.service(id) })
  void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId) })
}
