import { Affix } from "@/components/ui/affix"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import { HeadersAndBody } from "./headers-and-body"
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
  const method = useField("checks.0.method")
  const url = useField("checks.0.url")
  return (
    <Section title="What to ask">
      <Field label="Name" error={name.error}>
        {(control) => <Input {...control} {...name.field} autoComplete="off" />}
      </Field>
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
    </Section>
  )
}
