import { UserMinus } from "lucide-react"
import { useState } from "react"
import type { Member, Role } from "@/api"
import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { Chip } from "@/components/ui/chip"
import { Select } from "@/components/ui/select"
import styles from "./members.module.css"
import { useChangeRole } from "./mutations"
import { RemoveMemberDialog } from "./remove-member-dialog"
import { describeSince, ROLES } from "./words"

export interface MemberListProps {
  workspace: { id: string; name: string }
  members: readonly Member[]
  /** Whether the reader may change roles and remove people. */
  canEdit: boolean
  now: number
  zone: string
}

/** Who is in the workspace, in the order in which they joined. */
export function MemberList({ workspace, members, canEdit, now, zone }: MemberListProps) {
  const [leaving, setLeaving] = useState<Member | null>(null)
  return (
    <>
      <div className={styles.group}>
        <h2 id="in-this-workspace">In this workspace</h2>
        <span>{members.length}</span>
      </div>
      <ul className={styles.list} aria-labelledby="in-this-workspace">
        {members.map((member) => (
          <li key={member.account_id}>
            <Avatar
              className="lg"
              name={member.name}
              strong={member.you}
              photo={member.photo && `${member.photo}/small`}
            />
            <Identity member={member} />
            {canEdit && !member.you ? (
              <RoleSelect workspaceId={workspace.id} member={member} />
            ) : (
              <span className={member.role === "owner" ? `med ${styles.role}` : styles.role}>
                {ROLES[member.role].name}
              </span>
            )}
            <span className={`sm t3 ${styles.since}`}>
              {describeSince(member.since, now, zone)}
            </span>
            {canEdit && !member.you && (
              <Button
                variant="ghost"
                size="sm"
                icon
                className={styles.end}
                aria-label={`Remove ${member.name}`}
                onClick={() => setLeaving(member)}
              >
                <UserMinus className="ic" aria-hidden="true" />
              </Button>
            )}
          </li>
        ))}
      </ul>
      <RemoveMemberDialog workspace={workspace} member={leaving} onClose={() => setLeaving(null)} />
    </>
  )
}

function Identity({ member }: { member: Member }) {
  return (
    <div className={styles.who}>
      <p>
        <b className="semi">{member.name}</b> {member.you && <Chip>You</Chip>}{" "}
        {member.pronouns && <span className="t3 sm">{member.pronouns}</span>}
      </p>
      {member.email && <p className="sm t3">{member.email}</p>}
    </div>
  )
}

const CHANGEABLE: readonly Role[] = ["admin", "observer"]

function RoleSelect({ workspaceId, member }: { workspaceId: string; member: Member }) {
  const change = useChangeRole(workspaceId)
  // Nobody is made an owner here: an owner is made by the offer in the settings.
  const roles = CHANGEABLE.includes(member.role) ? CHANGEABLE : [member.role, ...CHANGEABLE]
  return (
    <Select
      quiet
      className={styles.select}
      aria-label={`Role of ${member.name}`}
      value={member.role}
      options={roles.map((role) => ({ value: role, label: ROLES[role].name }))}
      onChange={(event) => change.mutate({ member, role: event.target.value as Role })}
    />
  )
}
