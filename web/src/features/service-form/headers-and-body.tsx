import { ChevronRight, Plus, X } from "lucide-react"
import { useFieldArray, useFormContext } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { Field, FieldError } from "@/components/ui/field"
import { Input, TextArea } from "@/components/ui/input"
import type { FormValues } from "./form-values"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

/** What else is sent: rarely needed, so it stays closed until somebody asks. */
export function HeadersAndBody() {
  const { control, getValues } = useFormContext<FormValues>()
  const { fields, append, remove } = useFieldArray({ control, name: "checks.0.headers" })
  const body = useField("checks.0.body")
  const isUsed = fields.length > 0 || getValues("checks.0.body") !== ""
  return (
    <details className={styles.more} open={isUsed || undefined}>
      <summary>
        <ChevronRight className="ic" aria-hidden="true" />
        Headers and body
      </summary>
      <div className={styles.moreBody}>
        <fieldset className={styles.rules}>
          <legend className="lab">
            Headers <span className="opt">optional</span>
          </legend>
          {fields.map((field, index) => (
            <HeaderLine key={field.id} index={index} onRemove={() => remove(index)} />
          ))}
          <Button
            size="sm"
            className={styles.add}
            onClick={() => append({ name: "", value: "", is_stored: false })}
          >
            <Plus className="ic" aria-hidden="true" />
            Add a header
          </Button>
        </fieldset>
        <Field label="Body" note="optional" error={body.error}>
          {(control) => <TextArea {...control} {...body.field} mono spellCheck={false} />}
        </Field>
      </div>
    </details>
  )
}

function HeaderLine({ index, onRemove }: { index: number; onRemove: () => void }) {
  const { getValues } = useFormContext<FormValues>()
  const name = useField(`checks.0.headers.${index}.name`)
  const value = useField(`checks.0.headers.${index}.value`)
  const error = name.error ?? value.error
  const errorId = `header-${index}-error`
  const isStored = getValues(`checks.0.headers.${index}.is_stored`)
  return (
    <>
      <div className={styles.header}>
        <Input
          {...name.field}
          mono
          aria-label={`Name of header ${index + 1}`}
          aria-invalid={name.error ? true : undefined}
          aria-describedby={error ? errorId : undefined}
          placeholder="Name"
          autoComplete="off"
          spellCheck={false}
        />
        <Input
          {...value.field}
          mono
          aria-label={`Value of header ${index + 1}`}
          aria-invalid={value.error ? true : undefined}
          placeholder={isStored ? "Stored. Type to replace it" : "Value"}
          autoComplete="off"
          spellCheck={false}
        />
        <Button
          variant="ghost"
          icon
          className={styles.remove}
          aria-label={`Remove header ${index + 1}`}
          onClick={onRemove}
        >
          <X className="ic" aria-hidden="true" />
        </Button>
      </div>
      {error && <FieldError id={errorId}>{error}</FieldError>}
    </>
  )
}
