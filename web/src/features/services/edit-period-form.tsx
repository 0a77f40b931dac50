import { type FormEvent, useId, useState } from "react"
import type { Period, PeriodUnit, Service } from "@/api"
import { Affix } from "@/components/ui/affix"
import { Button } from "@/components/ui/button"
import { FieldError } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import { findPeriodRefusal, useEditPeriod } from "./mutations"
import styles from "./service-detail.module.css"

const UNITS: readonly PeriodUnit[] = ["seconds", "minutes", "hours", "days", "weeks"]

interface Draft {
  every: string
  unit: PeriodUnit
}

export interface EditPeriodFormProps {
  service: Service
  workspaceId: string
}

/** How often a service is checked, changed where it stands. */
export function EditPeriodForm({ service, workspaceId }: EditPeriodFormProps) {
  const id = useId()
  // Until someone types, the inputs follow the service, whoever changes it.
  const [draft, setDraft] = useState<Draft | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const edit = useEditPeriod({ id: service.id, name: service.name, workspaceId })
  const { every, unit } = draft ?? {
    every: String(service.period.every),
    unit: service.period.unit,
  }

  function handleSubmit(event: FormEvent) {
    event.preventDefault()
    const period = readPeriod(every, unit)
    if (!period) return setRefusal("Use a whole number from 1.")
    setRefusal(null)
    setDraft({ every, unit })
    edit.mutate(
      { period, version: service.version },
      {
        onSuccess: () => setDraft(null),
        onError: (error) => setRefusal(findPeriodRefusal(error)),
      },
    )
  }

  const units = UNITS.filter((one) => one !== "seconds" || unit === "seconds")
  return (
    <form className="field" onSubmit={handleSubmit} noValidate>
      <label htmlFor={`${id}-every`}>Check every</label>
      <div className={styles.quick}>
        <Affix>
          <Input
            id={`${id}-every`}
            className={`num ${styles.every}`}
            inputMode="numeric"
            autoComplete="off"
            value={every}
            aria-invalid={refusal ? true : undefined}
            aria-describedby={refusal ? `${id}-error` : undefined}
            onChange={(event) => setDraft({ every: event.target.value, unit })}
          />
          <Select
            className={`sep ${styles.unit}`}
            aria-label="Unit"
            value={unit}
            options={units.map((value) => ({ value, label: value }))}
            onChange={(event) => setDraft({ every, unit: event.target.value as PeriodUnit })}
          />
        </Affix>
        <Button type="submit" busy={edit.isPending}>
          Save
        </Button>
      </div>
      {refusal && <FieldError id={`${id}-error`}>{refusal}</FieldError>}
    </form>
  )
}

/** A period out of what was typed, or `null` when it is no whole number from one. */
export function readPeriod(every: string, unit: PeriodUnit): Period | null {
  return /^[1-9]\d{0,6}$/.test(every.trim()) ? { every: Number(every), unit } : null
}
