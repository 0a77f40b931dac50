import type { Role } from "@/api"
import styles from "./members.module.css"
import { ROLES } from "./words"

const ORDER: readonly Role[] = ["owner", "admin", "observer"]

/** What each role may, and what everybody sees. */
export function RoleTable() {
  return (
    <dl className={styles.roles}>
      {ORDER.map((role) => (
        <div key={role}>
          <dt>{ROLES[role].name}</dt>
          <dd>{ROLES[role].may}</dd>
        </div>
      ))}
      <div>
        <dt>Public</dt>
        <dd>Sees the status page, if you publish it.</dd>
      </div>
    </dl>
  )
}
