import { Link } from "@tanstack/react-router"
import { Plus, UserPlus } from "lucide-react"
import type { Role, Workspace } from "@/api"
import { buttonClass } from "@/components/ui/button"
import styles from "./overview.module.css"

const ROLE_SENTENCES: Readonly<Record<Role, string>> = {
  owner: "You own this workspace.",
  admin: "You are an admin of this workspace.",
  observer: "You can look at this workspace, but not change it.",
}

export interface WorkspaceHeadProps {
  workspace: Workspace
  /** An empty page offers the first service itself, where the list will be. */
  isEmpty: boolean
}

/** The name of the workspace, what the reader is in it, and the next thing to do. */
export function WorkspaceHead({ workspace, isEmpty }: WorkspaceHeadProps) {
  return (
    <div className="ph">
      <div>
        <h1>{workspace.name}</h1>
        <p>
          {ROLE_SENTENCES[workspace.role]}
          {workspace.slug !== null && (
            <>
              {" The "}
              <a href={`/status/${workspace.slug}`}>status page</a>
              {" is public."}
            </>
          )}
        </p>
      </div>
      {!isEmpty && workspace.may.includes("service.write") && (
        <div className={`acts ${styles.actions}`}>
          {workspace.may.includes("invitation.write") && (
            <Link
              to="/workspaces/$workspaceId/members"
              params={{ workspaceId: workspace.id }}
              className={buttonClass()}
            >
              <UserPlus className="ic" aria-hidden="true" />
              Invite
            </Link>
          )}
          <Link
            to="/workspaces/$workspaceId/services/new"
            params={{ workspaceId: workspace.id }}
            className={buttonClass({ variant: "primary" })}
          >
            <Plus className="ic" aria-hidden="true" />
            Watch a service
          </Link>
        </div>
      )}
    </div>
  )
}
