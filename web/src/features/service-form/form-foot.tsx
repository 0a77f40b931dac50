import type { ReactNode } from "react"
import { useFormState } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { countErrors } from "./field-errors"
import type { FormValues } from "./form-values"
import styles from "./service-form.module.css"

type FormFootProps = { cancel: ReactNode; submitLabel: string }

/** The end of the form: what is left to fix, the way out, and the way on. */
export function FormFoot({ cancel, submitLabel }: FormFootProps) {
  const { errors, isSubmitting } = useFormState<FormValues>()
  const failure = errors.root?.message
  return (
    <div className={styles.foot}>
      <span className="grow t2 sm row" role="status">
        {failure && <StatusGlyph state="down" />}
        {failure ?? describeLeft(countErrors(errors))}
      </span>
      {cancel}
      <Button type="submit" variant="primary" busy={isSubmitting}>
        {submitLabel}
      </Button>
    </div>
  )
}

const NUMBERS = ["", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]

function describeLeft(count: number): string {
  if (count === 0) return ""
  const things = count === 1 ? "thing" : "things"
  return `${NUMBERS[count] ?? count} ${things} to fix before saving`
}
