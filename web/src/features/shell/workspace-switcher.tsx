import { Link } from "@tanstack/react-router"
import { ChevronsUpDown } from "lucide-react"
import type { ServiceHealth, WorkspaceSummary } from "@/api/types.gen"
import { Avatar } from "@/components/ui/avatar"
import { Popover } from "@/components/ui/popover"
import { type GlyphState, StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./shell.module.css"

type WorkspaceSwitcherProps = { workspaces: WorkspaceSummary[]; current: WorkspaceSummary }

/** The workspace in view, and with more than one the way to the others. */
export function WorkspaceSwitcher({ workspaces, current }: WorkspaceSwitcherProps) {
  if (workspaces.length < 2) {
    return (
      <Link
        className={`ws ${styles.single}`}
        to="/workspaces/$workspaceId"
        params={{ workspaceId: current.id }}
      >
        <CurrentWorkspace workspace={current} />
      </Link>
    )
  }
  return (
    <Popover
      triggerClassName="ws"
      label="Your workspaces"
      className={styles.switcher}
      trigger={
        <>
          <CurrentWorkspace workspace={current} />
          <span className="vh">, switch workspace</span>
          <ChevronsUpDown className="ic" aria-hidden="true" />
        </>
      }
    >
      <nav className="nav" aria-label="Your workspaces">
        {workspaces.map((workspace) => (
          <Link
            key={workspace.id}
            to="/workspaces/$workspaceId"
            params={{ workspaceId: workspace.id }}
            activeProps={{ "aria-current": "page" }}
          >
            <span className="trunc">{workspace.name}</span>{" "}
            <StatusGlyph {...HEALTH[workspace.health]} />
          </Link>
        ))}
      </nav>
    </Popover>
  )
}

function CurrentWorkspace({ workspace }: { workspace: WorkspaceSummary }) {
  return (
    <>
      <Avatar name={workspace.name} strong square />
      <span className="grow trunc semi">{workspace.name}</span>
    </>
  )
}

const HEALTH: Record<ServiceHealth, { state: GlyphState; label: string }> = {
  up: { state: "up", label: "all green" },
  degraded: { state: "degraded", label: "slow" },
  down: { state: "down", label: "down" },
  unknown: { state: "nodata", label: "not checked yet" },
}
