import { useWatch } from "react-hook-form"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { Switch } from "@/components/ui/switch"
import { type FormValues, hasTls } from "./form-values"
import { JsonValues } from "./json-values"
import { Pick } from "./pick"
import { Section } from "./section"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

/** The second question: what the answer must be. */
export function CorrectSection() {
  const status = useField("checks.0.expectations.status")
  const contains = useField("checks.0.expectations.body_contains")
  const within = useField("checks.0.expectations.answers_within_ms")
  return (
    <Section
      title="What counts as correct"
      lead="Everything here must hold. One miss and the check fails."
    >
      <div className={styles.pair}>
        <Field label="Status" hint="One code, a list, or 2xx" error={status.error}>
          {(control) => <Input {...control} {...status.field} mono autoComplete="off" />}
        </Field>
        <Field label="Body contains" note="optional" error={contains.error}>
          {(control) => (
            <Input {...control} {...contains.field} autoComplete="off" placeholder="ready…" />
          )}
        </Field>
      </div>
      <JsonValues />
      <Pick
        name="Answers within"
        lead="A slower answer makes it slow, not down"
        unit="ms"
        error={within.error}
      >
        {(control) => (
          <Input
            {...control}
            {...within.field}
            className="num"
            inputMode="numeric"
            placeholder="any"
          />
        )}
      </Pick>
      <Certificate />
    </Section>
  )
}

function Certificate() {
  const [url = "", isWanted] = useWatch<
    FormValues,
    ["checks.0.url", "checks.0.expectations.has_certificate"]
  >({
    name: ["checks.0.url", "checks.0.expectations.has_certificate"],
  })
  const days = useField("checks.0.expectations.certificate_days")
  const wanted = useField("checks.0.expectations.has_certificate")
  const isPossible = hasTls(url)
  return (
    <Pick
      name="Certificate is valid"
      lead={isPossible ? "And lasts at least this long" : "An http:// address has no certificate"}
      unit="days"
      error={days.error}
      end={<Switch {...wanted.field} aria-label="Check the certificate" disabled={!isPossible} />}
    >
      {(control) => (
        <Input
          {...control}
          {...days.field}
          className="num"
          inputMode="numeric"
          aria-label="Days that the certificate lasts at least"
          disabled={!isPossible || !isWanted}
        />
      )}
    </Pick>
  )
}
