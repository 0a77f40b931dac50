/** The page that stands in where Allgreen cannot be reached; `offline/sw.js` keeps and shows it. */

const WORKER = "/sw.js"
const PREFIX = "allgreen-offline-"

type TrustedTypes = {
  createPolicy: (
    name: string,
    rules: { createScriptURL: (path: string) => string },
  ) => { createScriptURL: (path: string) => unknown }
}

/** Have the browser keep it. Where there is no safe connection, there is none. */
export async function keepOfflinePage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
  // The one script that the content policy lets be loaded by its name.
  const policy = trustedTypes?.createPolicy("allgreen-sw", { createScriptURL: () => WORKER })
  const worker = (policy?.createScriptURL(WORKER) ?? WORKER) as string
  // Some browsers are set to refuse it; the pages work without.
  await navigator.serviceWorker.register(worker).catch(() => {})
}

/** Leave the browser as it was found: on a machine of others nothing of it stays. */
export async function forgetOfflinePage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    await registration.unregister()
  }
  for (const name of await caches.keys()) if (name.startsWith(PREFIX)) await caches.delete(name)
}
