import { type ReactNode, useId } from "react"
import { type ControlProps, FieldError } from "@/components/ui/field"
import styles from "./service-form.module.css"

type PickProps = {
  name: string
  /** What it means, in one line under the name. */
  lead: string
  unit: string
  error?: string
  /** Stands after the unit, such as a switch. */
  end?: ReactNode
  children: (control: ControlProps) => ReactNode
}

/** A line with a small number: its meaning on one side, number and unit on the other. */
export function Pick({ name, lead, unit, error, end, children }: PickProps) {
  const id = useId()
  const leadId = `${id}-lead`
  const errorId = `${id}-error`
  return (
    <div className={styles.pick}>
      <div className={styles.pickRow}>
        <div className="grow">
          <label className={styles.pickName} htmlFor={id}>
            {name}
          </label>
          <span className="sm t3" id={leadId}>
            {lead}
          </span>
        </div>
        <div className="row">
          {children({
            id,
            "aria-invalid": error ? true : undefined,
            "aria-describedby": error ? errorId : leadId,
          })}
          <span className="t3">{unit}</span>
        </div>
        {end}
      </div>
      {error && <FieldError id={errorId}>{error}</FieldError>}
    </div>
  )
}
