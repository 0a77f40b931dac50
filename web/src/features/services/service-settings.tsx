import { Link } from "@tanstack/react-router"
import { Bell, BellOff, Mail, Pencil } from "lucide-react"
import type { Recipient, Service } from "@/api"
import { Avatar } from "@/components/ui/avatar"
import { Button, buttonClass } from "@/components/ui/button"
import { Chip } from "@/components/ui/chip"
import { formatPeriod } from "@/lib/format"
import { defineCheck } from "./definition"
import { EditPeriodForm } from "./edit-period-form"
import { useTellMe } from "./mutations"
import { ServiceActions } from "./service-actions"
import styles from "./service-detail.module.css"

export interface ServiceSettingsProps {
  service: Service
  workspaceId: string
  /** Whether a mail server is set; else nobody is told. */
  hasMail: boolean
  onDeleted: () => void
}

/** What the service is held to, how often, who is told, and what can be done with it. */
export function ServiceSettings(props: ServiceSettingsProps) {
  const { service, workspaceId, hasMail, onDeleted } = props
  const canEdit = service.may.includes("service.write")
  return (
    <div className={styles.settings}>
      <h3>
        Correct means
        {canEdit && (
          <Link
            to="/workspaces/$workspaceId/services/$serviceId/edit"
            params={{ workspaceId, serviceId: service.id }}
            className={buttonClass({ size: "sm" })}
          >
            <Pencil className="ic" aria-hidden="true" />
            Edit
            <span className="vh"> {service.name}</span>
          </Link>
        )}
      </h3>
      <Definition service={service} />
      {canEdit ? (
        <EditPeriodForm service={service} workspaceId={workspaceId} />
      ) : (
        <div className="field">
          <span className="lab">Checked</span>
          <span className="sm">{formatPeriod(service.period)}</span>
        </div>
      )}
      <ToldList recipients={service.recipients} isWhole={service.may.includes("recipient.read")} />
      {service.may.includes("subscription.own") && (
        <TellMe service={service} workspaceId={workspaceId} />
      )}
      {!hasMail && service.may.includes("delivery.read") && (
        <p className="hint">
          No mail server is set.{" "}
          <Link to="/workspaces/$workspaceId/messages" params={{ workspaceId }}>
            Messages are kept, and sent to nobody
          </Link>
          .
        </p>
      )}
      <ServiceActions service={service} workspaceId={workspaceId} onDeleted={onDeleted} />
    </div>
  )
}

function Definition({ service }: { service: Service }) {
  const lines = service.checks.flatMap((check) => defineCheck(check, service.last_result))
  return (
    <dl className={styles.definition}>
      {lines.map(({ term, value, isCode }) => (
        <div key={`${term} ${value}`} className={styles.pair}>
          <dt>{term}</dt>
          <dd>{isCode ? <span className="mono">{value}</span> : value}</dd>
        </div>
      ))}
    </dl>
  )
}

interface ToldListProps {
  recipients: readonly Recipient[]
  /** Whether the reader sees everybody, or at most themselves. */
  isWhole: boolean
}

function ToldList({ recipients, isWhole }: ToldListProps) {
  const nobody = isWhole ? "Nobody is told." : "You are not told."
  return (
    <div className="field">
      <span className="lab">Told when it breaks</span>
      {recipients.length > 0 && (
        <ul className={styles.people}>
          {recipients.map((recipient) => (
            <li key={recipient.id}>
              <RecipientName recipient={recipient} />
              {recipient.state === "pending" && <Chip tone="line">not confirmed</Chip>}
            </li>
          ))}
        </ul>
      )}
      {recipients.length === 0 && <p className="sm t2">{nobody}</p>}
      {!isWhole && <p className="hint">Owners and admins see everybody who is told.</p>}
    </div>
  )
}

/** What every member may, whoever else is told. */
function TellMe({ service, workspaceId }: Pick<ServiceSettingsProps, "service" | "workspaceId">) {
  const tell = useTellMe({ id: service.id, name: service.name, workspaceId })
  const isTold = service.recipients.some(({ you }) => you)
  return (
    <Button size="sm" className={styles.tellMe} onClick={() => tell.mutate(!isTold)}>
      {isTold ? (
        <BellOff className="ic" aria-hidden="true" />
      ) : (
        <Bell className="ic" aria-hidden="true" />
      )}
      {isTold ? "Stop telling me" : "Tell me"}
    </Button>
  )
}

function RecipientName({ recipient: { name, email, you } }: { recipient: Recipient }) {
  if (name) {
    return (
      <>
        <Avatar name={name} strong={you} />
        <span className="trunc">{name}</span>
      </>
    )
  }
  return (
    <>
      <span className="av" aria-hidden="true">
        <Mail className="ic" />
      </span>
      <span className="trunc" title={email ?? undefined}>
        {email ?? "An address that only owners see"}
      </span>
    </>
  )
}
