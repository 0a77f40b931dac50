import { Link } from "@tanstack/react-router"
import { ChevronsUpDown, Plus } from "lucide-react"
import type { MouseEvent } from "react"
import type { WorkspaceSummary } from "@/api/types.gen"
import { Avatar } from "@/components/ui/avatar"
import { Popover } from "@/components/ui/popover"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { HEALTH } from "./health"
import styles from "./shell.module.css"

type WorkspaceSwitcherProps = {
  workspaces: WorkspaceSummary[]
  current: WorkspaceSummary
  onNewWorkspace: () => void
}

/** The workspace in view, and the way to the others and to a new one. */
export function WorkspaceSwitcher(props: WorkspaceSwitcherProps) {
  const { workspaces, current, onNewWorkspace } = props
  return (
    <Popover
      triggerClassName="ws"
      label="Switch workspace"
      className={styles.switcher}
      trigger={
        <>
          <Avatar name={current.name} strong square />
          <span className="grow trunc semi">{current.name}</span>
          <span className="vh">, switch workspace</span>
          <ChevronsUpDown className="ic" aria-hidden="true" />
        </>
      }
    >
      <nav className="nav" aria-label="Switch workspace">
        {workspaces.map((workspace) => (
          <WorkspaceLink key={workspace.id} workspace={workspace} onClick={closePopover} />
        ))}
        <button
          type="button"
          onClick={(event) => {
            closePopover(event)
            onNewWorkspace()
          }}
        >
          <Plus className="ic" aria-hidden="true" />
          New workspace
        </button>
      </nav>
    </Popover>
  )
}

type WorkspaceLinkProps = {
  workspace: WorkspaceSummary
  onClick?: (event: MouseEvent<HTMLElement>) => void
}

/** The way to a workspace, and how it is. */
export function WorkspaceLink({ workspace, onClick }: WorkspaceLinkProps) {
  return (
    <Link
      to="/workspaces/$workspaceId"
      params={{ workspaceId: workspace.id }}
      className={styles.workspace}
      onClick={onClick}
    >
      <span className="trunc">{workspace.name}</span> <StatusGlyph {...HEALTH[workspace.health]} />
    </Link>
  )
}

// The shell stays when the page changes, and with it what was opened in it.
function closePopover(event: MouseEvent<HTMLElement>) {
  event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover?.()
}
