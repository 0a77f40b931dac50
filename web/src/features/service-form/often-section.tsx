import { useId } from "react"
import { useWatch } from "react-hook-form"
import type { Period } from "@/api/types.gen"
import { FieldError } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import { formatChecksPer, formatTime, formatZone, NBSP } from "@/lib/format"
import type { FormValues } from "./form-values"
import { Pick } from "./pick"
import { Section } from "./section"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

const UNITS = ["seconds", "minutes", "hours", "days", "weeks"].map((unit) => ({
  value: unit,
  label: unit,
}))

type PeriodInputProps = { zone: string; nextSlotAt: string | null }
type OftenSectionProps = PeriodInputProps & {
  /** Whether the check has a form. */
  hasTries: boolean
}

/** The third question: how often to ask, and how sure to be. */
export function OftenSection({ zone, nextSlotAt, hasTries }: OftenSectionProps) {
  return (
    <Section title="How often">
      <PeriodInput zone={zone} nextSlotAt={nextSlotAt} />
      {hasTries && <TriesInput />}
    </Section>
  )
}

function TriesInput() {
  const tries = useField("checks.0.confirm_down")
  const count = useWatch<FormValues, "checks.0.confirm_down">({ name: "checks.0.confirm_down" })
  return (
    <Pick
      name="Call it down after"
      lead={describeTries(Number(count))}
      unit={count === "1" ? "try" : "tries"}
      error={tries.error}
    >
      {(control) => <Input {...control} {...tries.field} className="num" inputMode="numeric" />}
    </Pick>
  )
}

function PeriodInput({ zone, nextSlotAt }: PeriodInputProps) {
  const id = useId()
  const every = useField("period.every")
  const unit = useField("period.unit")
  const period = useWatch<FormValues, "period">({ name: "period" })
  return (
    <div className={styles.often}>
      <div className={styles.big}>
        <span className="t3">every</span>
        <Input
          {...every.field}
          className={styles.every}
          aria-label="Number"
          aria-invalid={every.error ? true : undefined}
          aria-describedby={id}
          inputMode="numeric"
          autoComplete="off"
        />
        <Select {...unit.field} className={styles.unit} aria-label="Unit" options={UNITS} />
      </div>
      {every.error ? (
        <FieldError id={id}>{every.error}</FieldError>
      ) : (
        <p className="hint" id={id}>
          {describePeriod(period, zone, nextSlotAt)}
        </p>
      )}
    </div>
  )
}

/** Say what a period amounts to, as far as what was typed is one. */
function describePeriod(
  { every, unit }: FormValues["period"],
  zone: string,
  nextSlotAt: string | null,
): string {
  const period: Period = { every: Number(every), unit }
  if (!(Number.isInteger(period.every) && period.every > 0)) return "How many, and of what."
  const count = capitalize(formatChecksPer(period))
  if (!nextSlotAt) return `${count}. The first one runs as soon as you save.`
  const next = `${formatTime(nextSlotAt, zone)} ${formatZone(zone, Date.parse(nextSlotAt))}`
  return `${count}. Next one at ${next}.`
}

function describeTries(count: number): string {
  if (count === 1) return "The first failed try counts. One lost packet is enough."
  if (count === 2) return `Failed tries in a row. The second follows after 10${NBSP}s.`
  if (count === 3) {
    return `Failed tries in a row. The second and third follow after 5 and 15${NBSP}s.`
  }
  return `Failed tries in a row. Two follow after 5 and 15${NBSP}s, the others in their turn.`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
