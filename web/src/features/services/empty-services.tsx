import { Link } from "@tanstack/react-router"
import { Plus } from "lucide-react"
import type { CSSProperties } from "react"
import { buttonClass } from "@/components/ui/button"
import styles from "./empty-services.module.css"

/** The heights of the mark's five pipes, drawn as days without data. */
const PIPES = [18, 34, 46, 40, 26]

export interface EmptyServicesProps {
  workspaceId: string
  canAdd: boolean
}

/** A workspace that watches nothing yet: one sentence, one action. */
export function EmptyServices({ workspaceId, canAdd }: EmptyServicesProps) {
  return (
    <section className={`card ${styles.empty}`} aria-label="Services">
      <div className={styles.pipes} aria-hidden="true">
        {PIPES.map((height) => (
          <i
            key={height}
            className="pipe n"
            style={{ "--h": `${height}px`, "--w": "8px" } as CSSProperties}
          />
        ))}
      </div>
      <div>
        <h2>Nothing is watched yet</h2>
        <p className="t2">
          {canAdd
            ? "Add the address you would open first when a customer says it is slow."
            : "An owner or an admin of this workspace can add the first service."}
        </p>
      </div>
      {canAdd && (
        <Link
          to="/workspaces/$workspaceId/services/new"
          params={{ workspaceId }}
          className={buttonClass({ variant: "primary" })}
        >
          <Plus className="ic" aria-hidden="true" />
          Watch a service
        </Link>
      )}
    </section>
  )
}
