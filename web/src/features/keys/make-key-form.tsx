import { useState } from "react"
import type { NewKey, Scope } from "@/api"
import { SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { CopyField } from "@/components/ui/copy-field"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import { useShortForm } from "@/lib/short-form"
import styles from "./keys.module.css"
import { useMakeKey } from "./mutations"
import { SCOPES } from "./words"

type MakeKeyFormProps = {
  workspaceId: string
  /** Whether the reader's role lets a key change anything. */
  canWrite: boolean
}

const LIFETIMES = [
  { value: "90", label: "90 days" },
  { value: "365", label: "One year" },
  { value: "", label: "Until it is revoked" },
]

/** Make a key, and show it this once. */
export function MakeKeyForm({ workspaceId, canWrite }: MakeKeyFormProps) {
  const make = useMakeKey(workspaceId)
  const [made, setMade] = useState<NewKey | null>(null)
  const form = useShortForm({
    check: ({ name = "" }): Record<string, string> =>
      name.trim() ? {} : { name: "Say what it is for, such as Deploy script." },
    send: async ({ name = "", scope, days }) => {
      const key = await make({
        name: name.trim(),
        scope: scope as Scope,
        expires_in_days: days ? Number(days) : null,
      })
      setMade(key)
    },
  })
  const scopes: Scope[] = canWrite ? ["read", "write"] : ["read"]
  return (
    <SettingsSection
      title="Make a key"
      lead="A program that has it acts in your name, and never may more than you."
    >
      {/* A key that was made starts the form anew. */}
      <form key={made?.id} className={styles.form} onSubmit={form.handleSubmit} noValidate>
        <Field label="What it is for" error={form.errors.name} className={styles.full}>
          {(control) => (
            <Input
              {...control}
              name="name"
              autoComplete="off"
              maxLength={100}
              placeholder="Deploy script"
            />
          )}
        </Field>
        <Field label="It may" error={form.errors.scope}>
          {(control) => (
            <Select
              {...control}
              name="scope"
              options={scopes.map((value) => ({ value, label: SCOPES[value] }))}
            />
          )}
        </Field>
        <Field label="It works for" error={form.errors.expires_in_days}>
          {(control) => <Select {...control} name="days" options={LIFETIMES} />}
        </Field>
        <div className={styles.full}>
          <FormFailure>{form.failure}</FormFailure>
        </div>
        <div className={`${styles.full} ${styles.end}`}>
          <Button type="submit" variant="primary" busy={form.busy}>
            Make the key
          </Button>
        </div>
      </form>
      <div role="status">
        {made && (
          <div className={styles.made}>
            <p>
              <b className="med">{made.name} is ready.</b> Copy it now: it is not shown again.
            </p>
            <CopyField
              label="Key"
              value={made.key}
              hint="Send it as Authorization: Bearer <key>."
            />
          </div>
        )}
      </div>
    </SettingsSection>
  )
}
