// Says why nothing can be shown, and comes back by itself. It stands in the place of any page that could
// not be loaded, so what it reloads is the page that was asked for.
;(() => {
  const FIRST_MS = 5_000
  const MOST_MS = 60_000

  const what = document.getElementById("what")
  const tried = document.getElementById("tried")
  const again = document.getElementById("again")
  let wait = FIRST_MS
  let timer
  let isAsking = false

  say()
  plan()
  again.addEventListener("submit", (event) => {
    event.preventDefault()
    ask()
  })
  window.addEventListener("online", ask)
  window.addEventListener("offline", say)
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") ask()
  })

  function say() {
    what.textContent = navigator.onLine ? "Allgreen does not answer" : "You are offline"
  }

  function plan() {
    clearTimeout(timer)
    timer = setTimeout(ask, wait)
    wait = Math.min(2 * wait, MOST_MS)
  }

  function leave() {
    // By its own address it is nobody's page.
    if (window.location.pathname === "/offline.html") window.location.replace("/")
    else window.location.reload()
  }

  async function ask() {
    if (isAsking) return
    isAsking = true
    say()
    try {
      const answer = await fetch("/healthz", { cache: "no-store", credentials: "omit" })
      // A proxy that stands in front says this much when there is nothing behind it.
      if (answer.status < 500) return leave()
    } catch {
      // Still nothing.
    }
    isAsking = false
    const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(new Date())
    tried.textContent = `Asked at ${time}: no answer. It comes back by itself as soon as there is one.`
    plan()
  }
})()
