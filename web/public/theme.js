// Runs before the first paint, as a file of its own: the content policy allows no inline script.
// The key is the one of src/lib/theme.ts.
;(() => {
  try {
    const theme = localStorage.getItem("allgreen-theme")
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
  } catch {
    // Storage may be forbidden; then the page follows the system.
  }
})()
