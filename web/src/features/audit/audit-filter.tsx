import { Field } from "@/components/ui/field"
import { Select } from "@/components/ui/select"
import styles from "./audit.module.css"
import type { AuditFilter } from "./queries"

interface AuditFilterFieldsProps {
  filter: AuditFilter
  people: readonly { id: string; name: string }[]
  services: readonly { id: string; name: string }[]
  onFilter: (change: AuditFilter) => void
}

/** Lines of one person, or about one service. */
export function AuditFilterFields(props: AuditFilterFieldsProps) {
  const { filter, people, services, onFilter } = props
  return (
    <div className={styles.filter}>
      <Field label="By">
        {(control) => (
          <Select
            {...control}
            value={filter.person ?? ""}
            options={[{ value: "", label: "Everybody" }, ...people.map(toOption)]}
            onChange={(event) => onFilter({ person: event.target.value || undefined })}
          />
        )}
      </Field>
      <Field label="About">
        {(control) => (
          <Select
            {...control}
            value={filter.service ?? ""}
            options={[{ value: "", label: "Everything" }, ...services.map(toOption)]}
            onChange={(event) => onFilter({ service: event.target.value || undefined })}
          />
        )}
      </Field>
    </div>
  )
}

function toOption({ id, name }: { id: string; name: string }) {
  return { value: id, label: name }
}
