import { fileURLToPath } from "node:url"
import { tanstackRouter } from "@tanstack/router-plugin/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  plugins: [
    tanstackRouter({
      target: "react",
      routesDirectory: "src/routes",
      generatedRouteTree: "src/route-tree.gen.ts",
      autoCodeSplitting: true,
      quoteStyle: "double",
      disableLogging: true,
    }),
    react(),
  ],
  resolve: { alias: { "@": fromHere("./src") } },
  build: {
    outDir: fromHere("../src/allgreen/server/web"),
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    // The first browsers with light-dark(). For older ones the minifier would resolve it once, at the
    // root, and a dark slab in a light page would stay light; tokens.css has its own fallback for them.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // An inlined font or image would be a data: address, which the policy allows for images only.
    assetsInlineLimit: 0,
    // The policy has no 'unsafe-inline'; the polyfill is one inline script for browsers we do not serve.
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
})
