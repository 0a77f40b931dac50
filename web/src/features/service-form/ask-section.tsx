import { useWatch } from "react-hook-form"
import { Affix } from "@/components/ui/affix"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import type { FormValues } from "./form-values"
import { HeadersAndBody } from "./headers-and-body"
import { OtherChecks } from "./other-checks"
import { Section } from "./section"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((method) => ({
  value: method,
  label: method,
}))

/** The first question: whom to ask, and how. */
export function AskSection() {
  const name = useField("name")
  const checks = useWatch<FormValues, "checks">({ name: "checks" })
  return (
    <Section title="What to ask">
      <Field label="Name" error={name.error}>
        {(control) => <Input {...control} {...name.field} autoComplete="off" />}
      </Field>
      {checks.length > 0 ? <RequestInput /> : <OtherChecks />}
    </Section>
  )
}

function RequestInput() {
  const method = useField("checks.0.method")
  const url = useField("checks.0.url")
  return (
    <>
      <Field label="Request" error={url.error ?? method.error}>
        {(control) => (
          <Affix>
            <Select
              {...method.field}
              aria-label="Method"
              className={styles.method}
              options={METHODS}
            />
            <Input
              {...control}
              {...url.field}
              mono
              className="sep"
              type="url"
              inputMode="url"
              autoComplete="off"
              spellCheck={false}
              placeholder="https://"
            />
          </Affix>
        )}
      </Field>
      <HeadersAndBody />
    </>
  )
}
