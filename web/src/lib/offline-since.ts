import { useSyncExternalStore } from "react"

let since: number | null = null

/** Since when the browser has no network, or `null` while it has one; a server may still be away. */
export function useOfflineSince(): number | null {
  return useSyncExternalStore(subscribe, read)
}

function read(): number | null {
  if (navigator.onLine) since = null
  else since ??= Date.now()
  return since
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("online", listener)
  window.addEventListener("offline", listener)
  return () => {
    window.removeEventListener("online", listener)
    window.removeEventListener("offline", listener)
  }
}
