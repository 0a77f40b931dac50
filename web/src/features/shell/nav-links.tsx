import { Link, useLocation } from "@tanstack/react-router"
import { Activity, Mail } from "lucide-react"
import type { WorkspaceSummary } from "@/api/types.gen"
import { cx } from "@/lib/class-names"

type NavLinksProps = {
  workspace: WorkspaceSummary
  /** How many services the workspace has, where there is room for it. */
  serviceCount?: number
  /** For thumbs: the bar of small screens. */
  isLarge?: boolean
}

/** The screens of a workspace, as far as the reader may see them. */
export function NavLinks({ workspace, serviceCount, isLarge }: NavLinksProps) {
  const params = { workspaceId: workspace.id }
  const icon = { className: cx("ic", isLarge && "l"), "aria-hidden": true } as const
  // All screens lie under the address of the services, and belong to them unless named here.
  const isMessages = useLocation({
    select: ({ pathname }) => pathname === `/workspaces/${workspace.id}/messages`,
  })
  return (
    <>
      <Link to="/workspaces/$workspaceId" params={params} activeOptions={{ exact: isMessages }}>
        <Activity {...icon} />
        Services
        {serviceCount !== undefined && <span className="cnt">{serviceCount}</span>}
      </Link>
      {workspace.may.includes("delivery.read") && (
        <Link to="/workspaces/$workspaceId/messages" params={params}>
          <Mail {...icon} />
          Messages
        </Link>
      )}
    </>
  )
}
