import { Link } from "@tanstack/react-router"
import { ChevronRight } from "lucide-react"
import type { ReactNode } from "react"
import type { WorkspaceSummary } from "@/api/types.gen"
import { PageTitle } from "@/components/page-title"
import styles from "./service-form.module.css"

type FormPageProps = { workspace: WorkspaceSummary; title: string; children: ReactNode }

/** The head of the form's page and the way back. */
export function FormPage({ workspace, title, children }: FormPageProps) {
  const services = {
    to: "/workspaces/$workspaceId",
    params: { workspaceId: workspace.id },
  } as const
  return (
    <div className="wrap">
      <PageTitle>{`${title} · ${workspace.name}`}</PageTitle>
      <div className="ph">
        <div>
          <nav className={`crumbs ${styles.crumbs}`} aria-label="Where you are">
            <Link {...services}>{workspace.name}</Link>
            <ChevronRight className="ic" aria-hidden="true" />
            <Link {...services}>Services</Link>
          </nav>
          <h1>{title}</h1>
        </div>
      </div>
      {children}
    </div>
  )
}
