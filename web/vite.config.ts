import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { tanstackRouter } from "@tanstack/router-plugin/vite"
import react from "@vitejs/plugin-react"
import { defineConfig, type Plugin } from "vite"
import { lighterParts } from "./lighter-parts.ts"

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const inSources = (...paths: string[]) => `/web/src/(${paths.join("|")})`

// But for what no first page uses: many queries at once, pages of a list, the guard of a form.
const LIBRARIES =
  "/node_modules/(@tanstack|use-sync-external-store)/(?!.*/(queriesObserver|useQueries|infiniteQueryObserver|useInfiniteQuery|useSuspenseInfiniteQuery|useBlocker)\\.)"

// Left alone, what two pages share becomes a chunk of its own: dozens of small files, which
// compress badly. The groups are by who loads them: everybody, the signed-in, and who sees pipes.
const CHUNKS = [
  {
    name: "kit",
    test: `${inSources(
      "components/(logo|page-title)\\.",
      "components/ui/(button|check|down-glyph|field|input|spinner)\\.",
      "features/auth/(auth-layout|auth\\.module|check-values|form-failure|note|use-auth-form)",
      "lib/(api-error|class-names|json-request|session|short-form|tab)\\.",
    )}|/node_modules/(react|react-dom|scheduler)/|vite/preload-helper`,
  },
  { name: "faces", test: inSources("components/ui/(avatar|skeleton)\\.") },
  {
    name: "app",
    test: `${inSources(
      "api/",
      "lib/",
      "components/elapsed\\.",
      "components/ui/(?!chip|copy-field|form-failure)",
      "features/[^/]+/queries\\.",
      "features/account/use-log-out\\.",
      "features/overview/(facts|stale-line|tab-state|overview\\.module)",
      "features/shell/",
      "routes/_signed-in/-signed-in-shell\\.",
    )}|${LIBRARIES}|/lucide-react/dist/esm/icons/(chevron-down|mail|plus|search|settings|user-plus|users)\\.`,
  },
  { name: "pipes", test: inSources("components/(plot|strip)/(?!strip-axis|axis-labels)") },
  // A row knows its detail and its states: who sees one of them has the list before them.
  {
    name: "services",
    test: inSources(
      "features/services/(service-row|service-figures|service-list|service-tools|services\\.module|shown-state|strip-legend|use-held-places)",
    ),
  },
].map(({ name, test }) => ({ name, test: new RegExp(test) }))

export default defineConfig({
  plugins: [
    tanstackRouter({
      target: "react",
      routesDirectory: "src/routes",
      generatedRouteTree: "src/route-tree.gen.ts",
      autoCodeSplitting: true,
      // The skeletons too: no first page has to bring those of all others. What is seen when one fails
      // is next to nothing and comes with them.
      codeSplittingOptions: {
        defaultBehavior: [
          ["component"],
          ["pendingComponent", "errorComponent"],
          ["notFoundComponent"],
        ],
      },
      quoteStyle: "double",
      disableLogging: true,
    }),
    react(),
    lighterParts(),
    preloadFont("instrument-sans-latin-wdth-normal"),
    versionWorker(),
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
    modulePreload: { polyfill: false, resolveDependencies: leaveOutFirstLoad },
    rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
})

/** Name no script to be loaded ahead that the first page brought: the list comes with that page. */
function leaveOutFirstLoad(_: string, chunks: string[], host: { hostId: string }) {
  if (!/\/app-[^/]+$/.test(host.hostId)) return chunks
  return chunks.filter((chunk) => !/\/(app|index|kit|rolldown-runtime)-[^/]+\.js$/.test(chunk))
}

/** Let the browser fetch the one font of every page before it has read the styles. */
function preloadFont(name: string): Plugin {
  return {
    name: "allgreen:preload-font",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle = {} }) {
        const font = Object.keys(bundle).find((file) => file.includes(name))
        if (!font) return []
        const attrs = {
          rel: "preload",
          as: "font",
          type: "font/woff2",
          crossorigin: "",
          href: `/${font}`,
        }
        return [{ tag: "link", attrs, injectTo: "head-prepend" as const }]
      },
    },
  }
}

/** Name the cache of the offline page after what is in it: a browser then keeps a new one, and drops the old. */
function versionWorker(): Plugin {
  return {
    name: "allgreen:version-worker",
    apply: "build",
    generateBundle() {
      const worker = readFileSync(fromHere("offline/sw.js"), "utf8")
      const hash = createHash("sha256").update(worker)
      for (const file of ["offline.html", "offline.js", "theme.js", "favicon-unknown.svg"]) {
        hash.update(readFileSync(fromHere(`public/${file}`)))
      }
      const source = worker.replace("__VERSION__", hash.digest("hex").slice(0, 12))
      this.emitFile({ type: "asset", fileName: "sw.js", source })
    },
  }
}
