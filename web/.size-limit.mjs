import { readFileSync } from "node:fs"

const BUILD = "../src/allgreen/server/web"

/** @type {Record<string, { file: string, imports?: string[], css?: string[] }>} */
const manifest = JSON.parse(
  readFileSync(new URL(`${BUILD}/manifest.json`, import.meta.url), "utf8"),
)

/** The chunks that a browser loads with these modules: they themselves and what they import. */
function chunksOf(...modules) {
  const seen = new Set()
  const visit = (key) => {
    if (seen.has(key)) return
    if (!manifest[key]) throw new Error(`The build has no chunk for ${key}.`)
    seen.add(key)
    for (const imported of manifest[key].imports ?? []) visit(imported)
  }
  for (const module of modules) visit(module)
  return [...seen]
}

const file = (name) => `${BUILD}/${name}`
const scripts = (keys) => keys.map((key) => file(manifest[key].file))
const styles = (keys) => [...new Set(keys.flatMap((key) => manifest[key].css ?? []))].map(file)
const route = (name, split = "component") => `src/routes/_signed-in${name}.tsx?tsr-split=${split}`

const login = chunksOf("index.html", "src/auth-page.tsx")
const app = chunksOf("index.html", "src/app.tsx")
const services = chunksOf(
  route("/workspaces.$workspaceId/route"),
  route("/workspaces.$workspaceId/index"),
)
const messages = chunksOf(route("/workspaces.$workspaceId/messages"))
const incident = chunksOf(
  route("/workspaces.$workspaceId/incidents.$incidentId", "component---loader"),
)
const form = chunksOf(route("/workspaces.$workspaceId/services.new"))
const settings = chunksOf(route("/settings"))
const linked = chunksOf("index.html", "src/auth-page.tsx", "src/linked-page.tsx")
const dashboard = chunksOf(route("/index"))
const members = chunksOf(route("/workspaces.$workspaceId/members"))
const statusPage = chunksOf(route("/workspaces.$workspaceId/status-page"))
const workspacePage = [...new Set([...app, ...services])]
// The frame of all signed-in pages comes with the first of them, whichever it is.
const beyondFrame = (keys) => keys.filter((key) => !workspacePage.includes(key))
// The frame of the workspace is there before any of its screens.
const frame = chunksOf(route("/workspaces.$workspaceId/route"))
const beyondApp = (keys) => keys.filter((key) => !app.includes(key) && !frame.includes(key))

// The budgets of the design; a lazy route counts what the first load does not hold already.
export default [
  { name: "log-in page, scripts", path: scripts(login), limit: "75 KB" },
  { name: "pages of mail links, scripts", path: scripts(linked), limit: "80 KB" },
  { name: "services page, scripts", path: scripts(workspacePage), limit: "140 KB" },
  { name: "service form, scripts", path: scripts(beyondApp(form)), limit: "30 KB" },
  { name: "dashboard, scripts", path: scripts(beyondApp(dashboard)), limit: "30 KB" },
  { name: "members page, scripts", path: scripts(beyondApp(members)), limit: "30 KB" },
  { name: "status page settings, scripts", path: scripts(beyondApp(statusPage)), limit: "30 KB" },
  { name: "messages page, scripts", path: scripts(beyondApp(messages)), limit: "30 KB" },
  { name: "incident page, scripts", path: scripts(beyondApp(incident)), limit: "30 KB" },
  { name: "settings page, scripts", path: scripts(beyondFrame(settings)), limit: "30 KB" },
  { name: "services page, styles", path: styles(workspacePage), limit: "14 KB" },
  {
    name: "fonts of a latin page",
    path: [
      file("assets/instrument-sans-latin-wdth-normal-*.woff2"),
      file("assets/geist-mono-latin-wght-normal-*.woff2"),
    ],
    limit: "81 KB",
    gzip: false,
    brotli: false,
  },
].map((budget) => ({ gzip: true, ...budget }))
