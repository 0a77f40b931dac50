// Runs before the first paint, as a file of its own: the content policy allows no inline script.
// The key is the one of src/lib/theme.ts.
;(() => {
  try {
    const theme = localStorage.getItem("allgreen-theme")
    if (theme !== "light" && theme !== "dark") return
    document.documentElement.dataset.theme = theme
    for (const bar of document.querySelectorAll('meta[name="theme-color"]')) {
      bar.media = bar.dataset.of === theme ? "all" : "not all"
    }
  } catch {
    // Storage may be forbidden; then the page follows the system.
  }
})()
