import { Link, useLocation } from "@tanstack/react-router"
import { Activity, Globe, LayoutGrid, Mail, SlidersHorizontal, Users } from "lucide-react"
import type { WorkspaceSummary } from "@/api/types.gen"
import { cx } from "@/lib/class-names"

export type NavCounts = {
  /** How many services and members the workspace has, once it is known. */
  services?: number
  members?: number
}

type NavLinksProps = {
  /** Whose screens; nobody's for who is in no workspace. */
  workspace: WorkspaceSummary | undefined
  counts?: NavCounts
  /** For thumbs: the bar of small screens, with short words and no counts. */
  isLarge?: boolean
}

/** The way to all workspaces, and the screens of one as far as the reader may see them. */
export function NavLinks({ workspace, counts, isLarge = false }: NavLinksProps) {
  const icon = { className: cx("ic", isLarge && "l"), "aria-hidden": true } as const
  return (
    <>
      <Link to="/" activeOptions={{ exact: true }}>
        <LayoutGrid {...icon} />
        {isLarge ? "Home" : "All workspaces"}
      </Link>
      {workspace && <WorkspaceLinks workspace={workspace} counts={counts} isLarge={isLarge} />}
    </>
  )
}

function WorkspaceLinks({
  workspace,
  counts,
  isLarge,
}: NavLinksProps & { workspace: WorkspaceSummary }) {
  const params = { workspaceId: workspace.id }
  const icon = { className: cx("ic", isLarge && "l"), "aria-hidden": true } as const
  const place = useLocation({ select: ({ pathname }) => placeOf(pathname, workspace.id) })
  const isSettings = SETTINGS.has(place) || (isLarge && place === "status-page")
  return (
    <>
      <Link
        to="/workspaces/$workspaceId"
        params={params}
        // All screens lie under the address of the services; only the forms belong to them.
        activeOptions={{ exact: place !== "services", includeSearch: false }}
      >
        <Activity {...icon} />
        Services
        <Count count={counts?.services} />
      </Link>
      {workspace.may.includes("delivery.read") && (
        <Link to="/workspaces/$workspaceId/messages" params={params}>
          <Mail {...icon} />
          Messages
        </Link>
      )}
      <Link to="/workspaces/$workspaceId/members" params={params}>
        <Users {...icon} />
        Members
        <Count count={counts?.members} />
      </Link>
      {!isLarge && (
        <Link to="/workspaces/$workspaceId/status-page" params={params}>
          <Globe {...icon} />
          Status page
        </Link>
      )}
      <Link
        to="/workspaces/$workspaceId/settings"
        params={params}
        aria-current={isSettings ? "page" : undefined}
      >
        <SlidersHorizontal {...icon} />
        {isLarge ? "Workspace" : "Workspace settings"}
      </Link>
    </>
  )
}

// The drawers of the settings; on a phone the status page is one of them.
const SETTINGS: ReadonlySet<string> = new Set(["settings", "keys", "audit"])

function placeOf(pathname: string, workspaceId: string): string {
  const home = `/workspaces/${workspaceId}/`
  return pathname.startsWith(home) ? (pathname.slice(home.length).split("/")[0] ?? "") : ""
}

function Count({ count }: { count: number | undefined }) {
  return count === undefined ? null : <span className="cnt">{count}</span>
}
