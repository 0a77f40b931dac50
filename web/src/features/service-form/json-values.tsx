import { Plus, X } from "lucide-react"
import { useFieldArray, useFormContext, useWatch } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { FieldError } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import type { FormValues } from "./form-values"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

const OPERATORS = [
  { value: "equals", label: "equals" },
  { value: "not_equals", label: "is not" },
  { value: "contains", label: "contains" },
  { value: "above", label: "is above" },
  { value: "below", label: "is below" },
  { value: "exists", label: "exists" },
]
const MAX_RULES = 20

/** What must stand in a JSON body. */
export function JsonValues() {
  const { control } = useFormContext<FormValues>()
  const name = "checks.0.expectations.json_values"
  const { fields, append, remove } = useFieldArray({ control, name })
  return (
    <fieldset className={styles.rules}>
      <legend className="lab">
        JSON values <span className="opt">optional</span>
      </legend>
      {fields.map((field, index) => (
        <JsonRule key={field.id} index={index} onRemove={() => remove(index)} />
      ))}
      {fields.length < MAX_RULES && (
        <Button
          size="sm"
          className={styles.add}
          onClick={() => append({ path: "$.", operator: "equals", value: "" })}
        >
          <Plus className="ic" aria-hidden="true" />
          Add a value
        </Button>
      )}
    </fieldset>
  )
}

function JsonRule({ index, onRemove }: { index: number; onRemove: () => void }) {
  const name = `checks.0.expectations.json_values.${index}` as const
  const path = useField(`${name}.path`)
  const operator = useField(`${name}.operator`)
  const value = useField(`${name}.value`)
  const compares = useWatch<FormValues, `${typeof name}.operator`>({ name: `${name}.operator` })
  const error = path.error ?? operator.error ?? value.error
  const errorId = `rule-${index}-error`
  const describe = (own: string | undefined) => ({
    "aria-invalid": own ? (true as const) : undefined,
    "aria-describedby": own ? errorId : undefined,
  })
  return (
    <>
      <div className={styles.rule}>
        <Input
          {...path.field}
          {...describe(path.error)}
          mono
          aria-label={`Path of value ${index + 1}`}
          autoComplete="off"
          spellCheck={false}
        />
        <Select
          {...operator.field}
          aria-label={`Comparison of value ${index + 1}`}
          options={OPERATORS}
        />
        <Input
          {...value.field}
          {...describe(value.error)}
          mono
          aria-label={`Value ${index + 1}`}
          autoComplete="off"
          spellCheck={false}
          disabled={compares === "exists"}
        />
        <Button
          variant="ghost"
          icon
          className={styles.remove}
          aria-label={`Remove value ${index + 1}`}
          onClick={onRemove}
        >
          <X className="ic" aria-hidden="true" />
        </Button>
      </div>
      {error && <FieldError id={errorId}>{error}</FieldError>}
    </>
  )
}
