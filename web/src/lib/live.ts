import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import { useEffect, useSyncExternalStore } from "react"
import { queryKeys } from "@/lib/query-keys"

/** Whether events arrive, and since when they do not. */
export type LiveState = { connected: true } | { connected: false; since: number }

/** One event: what changed, never how; the change itself is fetched with the reader's rights. */
export type LiveChange = {
  kind: "service" | "incident" | "workspace" | "members" | "result" | "delivery"
  id: string
  version?: number | null
}

// What one change says in several hints is asked for once.
const SETTLE_MS = 100
// A burst of results must not become a burst of requests; what went down is no burst of results.
const GAP_MS = 1000
const URGENT_GAP_MS = 250
const RECONNECT_MS = 5000
// More rows than this are fetched with all others; and all are, now and then: a day that ends or a
// watcher that is gone changes rows which no hint names.
const MOST_ROWS = 20
const ALL_AFTER_MS = 60_000

/** Bring the rows of some services of a workspace up to date. */
export type RowsRefresher = (
  queryClient: QueryClient,
  workspaceId: string,
  serviceIds: readonly string[],
) => Promise<void>

let state: LiveState = { connected: true }
const listeners = new Set<() => void>()

/** Keep the cache in step with the workspace for as long as the caller is mounted. */
export function useLiveUpdates(workspaceId: string, refreshRows: RowsRefresher): void {
  const queryClient = useQueryClient()
  useEffect(
    () => connectLive(workspaceId, queryClient, refreshRows),
    [workspaceId, queryClient, refreshRows],
  )
}

/** The state of the event stream, for the line that says the page is stale. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(subscribe, () => state)
}

/**
 * Listen to a workspace and invalidate what its events name.
 *
 * A new connection may have missed events, so every greeting after the first refetches all.
 *
 * @returns A function that stops listening.
 */
export function connectLive(
  workspaceId: string,
  queryClient: QueryClient,
  refreshRows: RowsRefresher,
): () => void {
  let allAt = Date.now()
  const changes = collectChanges((batch) => {
    const rows = Date.now() - allAt < ALL_AFTER_MS ? listRows(batch) : []
    if (rows.length > 0) void refreshRows(queryClient, workspaceId, rows)
    else allAt = Date.now()
    invalidate(batch, workspaceId, queryClient, rows.length > 0)
  })
  let source: EventSource
  let reconnect: ReturnType<typeof setTimeout> | undefined
  let greeted = false

  function connect() {
    source = new EventSource(`/api/v1/events?workspace=${encodeURIComponent(workspaceId)}`)
    source.addEventListener("hello", handleHello)
    source.addEventListener("change", (event) => {
      const change = readChange(event.data)
      if (change) changes.add(change)
    })
    source.addEventListener("error", handleError)
  }

  function handleHello() {
    if (greeted || !state.connected) void queryClient.invalidateQueries()
    greeted = true
    publish({ connected: true })
  }

  function handleError() {
    if (state.connected) publish({ connected: false, since: Date.now() })
    // The browser tries again after a broken line, but gives up for good at an error status, which is
    // what a proxy answers while the server restarts.
    if (source.readyState !== EventSource.CLOSED) return
    reconnect = setTimeout(connect, RECONNECT_MS)
    // Or the session has ended, which only a request can tell.
    void queryClient.refetchQueries({ queryKey: queryKeys.me })
  }

  connect()
  return () => {
    clearTimeout(reconnect)
    source.close()
    changes.stop()
    publish({ connected: true })
  }
}

/** The keys that an event makes out of date. */
export function affectedKeys(
  change: LiveChange,
  workspaceId: string,
): readonly (readonly string[])[] {
  const workspace = queryKeys.workspace(workspaceId)
  const deliveries = queryKeys.deliveries(workspaceId)
  if (change.kind === "result") return [workspace, queryKeys.service(change.id)]
  // The mark in the navigation shows the worst state of all services, and what happens to a service
  // owes messages or withdraws them.
  if (change.kind === "service")
    return [workspace, queryKeys.service(change.id), queryKeys.me, deliveries]
  // An incident names itself, not its service: any open service may show it.
  if (change.kind === "incident") return [workspace, ["service"], deliveries, queryKeys.dashboard]
  // Who joins, leaves or gets another role may be the reader; whoever leaves is told of nothing more.
  if (change.kind === "members")
    return [
      queryKeys.members(workspaceId),
      queryKeys.people(workspaceId),
      queryKeys.me,
      ["service"],
    ]
  if (change.kind === "workspace")
    return [
      workspace,
      queryKeys.me,
      queryKeys.members(workspaceId),
      queryKeys.keys(workspaceId),
      queryKeys.statusPage(workspaceId),
    ]
  return [deliveries]
}

/** The services whose rows alone are out of date; none where the whole list may be. */
function listRows(batch: LiveChange[]): string[] {
  if (batch.some(({ kind }) => kind === "workspace")) return []
  const named = batch.filter(({ kind }) => kind === "service" || kind === "result")
  const rows = [...new Set(named.map(({ id }) => id))]
  return rows.length <= MOST_ROWS ? rows : []
}

function invalidate(
  batch: LiveChange[],
  workspaceId: string,
  queryClient: QueryClient,
  isListFresh: boolean,
): void {
  const workspace = queryKeys.workspace(workspaceId).join("/")
  const keys = new Map(
    batch.flatMap((change) => affectedKeys(change, workspaceId)).map((key) => [key.join("/"), key]),
  )
  for (const [name, queryKey] of keys) {
    // What begins with its key is the list, too.
    const exact = isListFresh && name === workspace
    void queryClient.invalidateQueries({ queryKey, exact })
  }
}

function collectChanges(flush: (batch: LiveChange[]) => void) {
  let batch: LiveChange[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let due = Number.POSITIVE_INFINITY
  let flushedAt = Number.NEGATIVE_INFINITY
  const settle = () => {
    due = Number.POSITIVE_INFINITY
    flushedAt = Date.now()
    const ready = batch
    batch = []
    flush(ready)
  }
  return {
    add(change: LiveChange) {
      batch.push(change)
      const now = Date.now()
      const gap = change.kind === "result" ? GAP_MS : URGENT_GAP_MS
      const wanted = Math.max(now + SETTLE_MS, flushedAt + gap)
      if (wanted >= due) return
      due = wanted
      clearTimeout(timer)
      timer = setTimeout(settle, wanted - now)
    },
    stop: () => clearTimeout(timer),
  }
}

function readChange(data: string): LiveChange | null {
  try {
    return JSON.parse(data) as LiveChange
  } catch {
    return null
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function publish(next: LiveState): void {
  state = next
  for (const listener of listeners) listener()
}
