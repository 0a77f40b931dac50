import { Link } from "@tanstack/react-router"
import { Plus } from "lucide-react"
import type { Role, Workspace } from "@/api"
import { buttonClass } from "@/components/ui/button"

const ROLE_SENTENCES: Readonly<Record<Role, string>> = {
  owner: "You own this workspace.",
  admin: "You are an admin of this workspace.",
  observer: "You can look at this workspace, but not change it.",
}

/** The name of the workspace, what the reader is in it, and the next thing to do. */
export function WorkspaceHead({ workspace }: { workspace: Workspace }) {
  return (
    <div className="ph">
      <div>
        <h1>{workspace.name}</h1>
        <p>{ROLE_SENTENCES[workspace.role]}</p>
      </div>
      {workspace.may.includes("service.write") && (
        <div className="acts">
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
