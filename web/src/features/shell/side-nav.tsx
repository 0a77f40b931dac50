import type { ReactNode } from "react"
import type { Me, WorkspaceSummary } from "@/api/types.gen"
import { NavLinks } from "./nav-links"
import { ThemeToggle } from "./theme-toggle"
import { WorkspaceSwitcher } from "./workspace-switcher"

type SideNavProps = {
  me: Me
  workspace: WorkspaceSummary
  serviceCount?: number
  home: ReactNode
  account: ReactNode
}

/** The navigation of wide screens; an entry appears with its screen. */
export function SideNav({ me, workspace, serviceCount, home, account }: SideNavProps) {
  return (
    <aside className="side" aria-label="Main">
      <div className="top">
        {home}
        <ThemeToggle />
      </div>
      <WorkspaceSwitcher workspaces={me.workspaces} current={workspace} />
      <nav className="nav" aria-label="Workspace">
        <NavLinks workspace={workspace} serviceCount={serviceCount} />
      </nav>
      {account}
    </aside>
  )
}
