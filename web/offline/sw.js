// Shows a page of its own where Allgreen cannot be reached. It keeps that page and what it is drawn with,
// and nothing else: no screen, no answer of the API, nothing of an account.
const PREFIX = "allgreen-offline-"
const CACHE = `${PREFIX}__VERSION__`
const PAGE = "/offline.html"
// Other pages ask for some of them too, and directly: not by these names.
const FILES = [
  PAGE,
  "/offline.js",
  "/pages.css?offline",
  "/theme.js?offline",
  "/favicon-unknown.svg?offline",
]

self.addEventListener("install", (event) => event.waitUntil(keep()))
self.addEventListener("activate", (event) => event.waitUntil(takeOver()))
self.addEventListener("fetch", (event) => {
  const { request } = event
  const { origin, pathname, search } = new URL(request.url)
  if (request.method !== "GET" || origin !== self.location.origin) return
  if (request.mode === "navigate") {
    // What the API sends is downloaded, not looked at.
    if (!pathname.startsWith("/api/")) event.respondWith(load(event))
  } else if (FILES.includes(pathname + search)) {
    event.respondWith(fetch(request).catch(() => kept(pathname + search)))
  }
})

async function keep() {
  const cache = await caches.open(CACHE)
  await cache.addAll(
    FILES.map((path) => new Request(path, { cache: "reload", credentials: "omit" })),
  )
  await self.skipWaiting()
}

async function takeOver() {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name)
  }
  // The page is asked for while this starts: nobody waits for it.
  await self.registration.navigationPreload?.enable()
  await self.clients.claim()
}

async function load(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request))
  } catch {
    return kept(PAGE)
  }
}

async function kept(path) {
  const cache = await caches.open(CACHE)
  return (await cache.match(path, { ignoreVary: true })) ?? Response.error()
}
