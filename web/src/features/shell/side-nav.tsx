import type { ReactNode } from "react"
import type { Me, WorkspaceSummary } from "@/api/types.gen"
import { JumpButton } from "./jump-button"
import { type NavCounts, NavLinks } from "./nav-links"
import { ThemeToggle } from "./theme-toggle"
import { WorkspaceLink, WorkspaceSwitcher } from "./workspace-switcher"

type SideNavProps = {
  me: Me
  workspace: WorkspaceSummary | undefined
  counts: NavCounts
  home: ReactNode
  account: ReactNode
  onNewWorkspace: () => void
}

/** The navigation of wide screens; an entry appears with its screen. */
export function SideNav(props: SideNavProps) {
  const { me, workspace, counts, home, account, onNewWorkspace } = props
  return (
    <aside className="side" aria-label="Main">
      <div className="top">
        {home}
        <ThemeToggle />
      </div>
      {workspace && (
        <WorkspaceSwitcher
          workspaces={me.workspaces}
          current={workspace}
          onNewWorkspace={onNewWorkspace}
        />
      )}
      <JumpButton />
      <nav className="nav" aria-label="Workspace">
        <NavLinks workspace={workspace} counts={counts} />
      </nav>
      {me.workspaces.length > 1 && (
        <nav className="nav" aria-labelledby="your-workspaces">
          <h2 id="your-workspaces">Your workspaces</h2>
          {me.workspaces.map((one) => (
            <WorkspaceLink key={one.id} workspace={one} />
          ))}
        </nav>
      )}
      {account}
    </aside>
  )
}
