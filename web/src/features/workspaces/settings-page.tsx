import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { PageTitle } from "@/components/page-title"
import { cx } from "@/lib/class-names"
import styles from "./workspaces.module.css"

type SettingsPageProps = {
  workspace: { id: string; name: string; may: readonly string[] }
  title: string
  lead: ReactNode
  children: ReactNode
}

/** One drawer of the settings of a workspace, with the others beside it. */
export function SettingsPage({ workspace, title, lead, children }: SettingsPageProps) {
  const params = { workspaceId: workspace.id }
  return (
    <div className={cx("wrap", styles.narrow)}>
      <PageTitle>{`${title} · ${workspace.name}`}</PageTitle>
      <div className="ph">
        <div>
          <h1>{title}</h1>
          <p>{lead}</p>
        </div>
      </div>
      <div className={styles.two}>
        <nav className={styles.drawers} aria-label="Settings">
          <Link to="/workspaces/$workspaceId/settings" params={params}>
            Workspace
          </Link>
          <Link to="/workspaces/$workspaceId/status-page" params={params}>
            Status page
          </Link>
          <Link to="/workspaces/$workspaceId/keys" params={params}>
            API keys
          </Link>
          {workspace.may.includes("audit.read") && (
            <Link to="/workspaces/$workspaceId/audit" params={params}>
              History
            </Link>
          )}
        </nav>
        <div>{children}</div>
      </div>
    </div>
  )
}
