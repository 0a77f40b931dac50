import { fileURLToPath } from "node:url"
import { tanstackRouter } from "@tanstack/router-plugin/vite"
import react from "@vitejs/plugin-react"
import { defineConfig, type Plugin } from "vite"

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const sources = (...paths: string[]) => new RegExp(`/web/src/(${paths.join("|")})`)

// Left alone, what two pages share becomes a chunk of its own: dozens of small files, which
// compress badly. The groups are by who loads them: everybody, or the signed-in.
const CHUNKS = [
  {
    name: "kit",
    test: sources(
      "components/(logo|page-title)\\.",
      "components/ui/(button|check|down-glyph|field|input|spinner)\\.",
      "features/auth/(auth-layout|auth\\.module|check-values|form-failure|note|use-auth-form)",
      "lib/(api-error|class-names|json-request|session|short-form)\\.",
    ),
  },
  { name: "faces", test: sources("components/ui/(avatar|skeleton)\\.") },
  {
    name: "app",
    test: sources(
      "api/",
      "lib/",
      "components/ui/(?!chip|copy-field|form-failure)",
      "features/[^/]+/queries\\.",
      "features/account/use-log-out\\.",
    ),
  },
  {
    name: "app",
    // But for what no first page uses: many queries at once, pages of a list, the guard of a form.
    test: /\/node_modules\/(@tanstack|use-sync-external-store)\/(?!.*\/(queriesObserver|useQueries|infiniteQueryObserver|useBlocker)\.)/,
  },
]

export default defineConfig({
  plugins: [
    tanstackRouter({
      target: "react",
      routesDirectory: "src/routes",
      generatedRouteTree: "src/route-tree.gen.ts",
      autoCodeSplitting: true,
      // The skeletons too: no first page has to bring those of all others.
      codeSplittingOptions: {
        defaultBehavior: [
          ["component"],
          ["pendingComponent"],
          ["errorComponent"],
          ["notFoundComponent"],
        ],
      },
      quoteStyle: "double",
      disableLogging: true,
    }),
    react(),
    leaveOutEventReader(),
    preloadFont("instrument-sans-latin-wdth-normal"),
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

/** The generated client brings a reader of event streams; the browser's own does that (`lib/live.ts`). */
function leaveOutEventReader(): Plugin {
  const STUB = "\0no-event-reader"
  return {
    name: "allgreen:no-event-reader",
    enforce: "pre",
    resolveId: (source) => (source.endsWith("/serverSentEvents.gen") ? STUB : null),
    load: (id) => (id === STUB ? "export const createSseClient = undefined" : null),
  }
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
