import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url))

type Part = { asked: string; by: RegExp; instead: string }

// What every page would load first, and what does the same for this product.
const PARTS: readonly Part[] = [
  // The generated transport also knows streams, forms, tokens and five kinds of bodies.
  {
    asked: "./client",
    by: /\/src\/api\/client\.gen\.ts$/,
    instead: fromHere("src/lib/api-client.ts"),
  },
  // The library's icons can have other sizes, other strokes, and a context.
  {
    asked: "../createLucideIcon.mjs",
    by: /\/lucide-react\/dist\/esm\/icons\/[^/]+$/,
    instead: "\0icon",
  },
  // A stand-in for what React has had since its version 18.
  {
    asked: "use-sync-external-store/shim",
    by: /./,
    instead: "\0external-store",
  },
]

const MADE: Readonly<Record<string, string>> = {
  "\0icon": `export { createIcon as default } from ${JSON.stringify(fromHere("src/lib/icon.ts"))}`,
  "\0external-store": 'export { useSyncExternalStore } from "react"',
}

/** Put lighter parts in the place of heavy ones, in what is shipped as in what is tested. */
export function lighterParts(): Plugin {
  return {
    name: "allgreen:lighter-parts",
    enforce: "pre",
    resolveId: (source, importer = "") =>
      PARTS.find(({ asked, by }) => asked === source && by.test(importer))?.instead ?? null,
    load: (id) => MADE[id] ?? null,
  }
}
