import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"
import { lighterParts } from "./lighter-parts.ts"

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The gallery of components, built on its own: `vite.config.ts`, which is shipped, knows nothing of it. */
export default defineConfig({
  plugins: [react(), lighterParts()],
  publicDir: false,
  base: "./",
  resolve: { alias: { "@": fromHere("./src") } },
  build: {
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    emptyOutDir: true,
    rolldownOptions: { input: fromHere("./gallery.html") },
  },
})
