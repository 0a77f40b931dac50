import { type FormEvent, type ReactNode, useRef, useState } from "react"
import type { PageEdit, StatusPage } from "@/api"
import { SettingsSection, SettingsSwitch } from "@/components/settings-section"
import { Affix } from "@/components/ui/affix"
import { Button } from "@/components/ui/button"
import { Check, Radio } from "@/components/ui/check"
import { Field, FieldError } from "@/components/ui/field"
import { Input, TextArea } from "@/components/ui/input"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { UnsavedGuard } from "@/components/unsaved-guard"
import { ApiError, describeError } from "@/lib/api-error"
import { findMistakes, type PageValues, pickChanged, valuesOf } from "./page-values"
import styles from "./status-page.module.css"

interface PageFormProps {
  page: StatusPage
  baseUrl: string
  services: readonly { id: string; name: string }[]
  /** Whether the reader may change its address and its services too. */
  isOwner: boolean
  /** Send what changed. A refusal is thrown as an `ApiError`. */
  onSave: (changed: PageEdit) => Promise<void>
  /** Read it anew, after somebody else changed it. */
  onReload: () => void
}

type Errors = Partial<Record<keyof PageValues, string>>

const ABOUT_MAX = 4000

/** What the page says, which services it shows, and where it stands. */
export function PageForm({ page, baseUrl, services, isOwner, onSave, onReload }: PageFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState(() => valuesOf(page))
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<{ text: string; isConflict: boolean } | null>(null)
  const [busy, setBusy] = useState(false)
  const changed = pickChanged(values, page, isOwner)
  // A name that was only proposed is no change of anybody's yet.
  const isProposed = page.slug === null && changed.slug === page.suggested_slug
  const isDirty = Object.keys(changed).length > (isProposed ? 1 : 0)
  const set = (change: Partial<PageValues>) => setValues((before) => ({ ...before, ...change }))

  function showErrors(next: Errors) {
    setErrors(next)
    const control = [...(form.current?.elements ?? [])].find(
      (element) => (element.getAttribute("name") ?? "") in next,
    )
    if (control instanceof HTMLElement) control.focus()
  }

  async function handleSubmit(event: FormEvent) {
    event.preventDefault()
    if (busy) return
    const mistakes = findMistakes(values)
    setFailure(null)
    showErrors(mistakes)
    if (Object.keys(mistakes).length > 0) return
    setBusy(true)
    try {
      await onSave(changed)
    } catch (error) {
      const { placed, text } = placeRefusal(error)
      showErrors(placed)
      const isConflict = error instanceof ApiError && error.status === 412
      if (text !== null) setFailure({ text, isConflict })
    }
    setBusy(false)
  }

  return (
    <form ref={form} onSubmit={handleSubmit} noValidate aria-label="Status page">
      <SettingsSection title="What it says">
        <Field label="Title" error={errors.title}>
          {(control) => (
            <Input
              {...control}
              name="title"
              autoComplete="off"
              maxLength={100}
              value={values.title}
              onChange={(event) => set({ title: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="About"
          note="optional"
          error={errors.about}
          hint={`Markdown: paragraphs, lists, emphasis and links. ${values.about.length} of ${ABOUT_MAX}.`}
        >
          {(control) => (
            <TextArea
              {...control}
              name="about"
              maxLength={ABOUT_MAX}
              value={values.about}
              onChange={(event) => set({ about: event.target.value })}
            />
          )}
        </Field>
        <Field label="Website" note="optional" error={errors.website}>
          {(control) => (
            <Input
              {...control}
              name="website"
              type="url"
              autoComplete="url"
              spellCheck={false}
              placeholder="https://nordlys.example"
              value={values.website}
              onChange={(event) => set({ website: event.target.value })}
            />
          )}
        </Field>
        <SettingsSwitch
          title="Show response times"
          text="Uptime is always shown."
          name="shows_latency"
          checked={values.shows_latency}
          onChange={(event) => set({ shows_latency: event.target.checked })}
        />
      </SettingsSection>
      {isOwner && (
        <>
          <SettingsSection title="Where it stands">
            <Field
              label="Address"
              error={errors.slug}
              hint="Small letters, digits and hyphens. A name that you leave stays yours for 90 days."
            >
              {(control) => (
                <Affix className={styles.address} start={`${withoutScheme(baseUrl)}/status/`}>
                  <Input
                    {...control}
                    name="slug"
                    autoComplete="off"
                    autoCapitalize="none"
                    spellCheck={false}
                    maxLength={63}
                    value={values.slug}
                    onChange={(event) => set({ slug: event.target.value })}
                  />
                </Affix>
              )}
            </Field>
          </SettingsSection>
          <ServicesSection
            services={services}
            shown={values.service_ids}
            error={errors.service_ids}
            onShown={(service_ids) => set({ service_ids })}
          />
        </>
      )}
      <Foot failure={failure} isDirty={isDirty} onReload={onReload}>
        {isDirty && !busy && (
          <Button
            variant="ghost"
            onClick={() => {
              setValues(valuesOf(page))
              setErrors({})
              setFailure(null)
            }}
          >
            Discard
          </Button>
        )}
        <Button type="submit" variant="primary" busy={busy}>
          Save
        </Button>
      </Foot>
      <UnsavedGuard isUnsaved={isDirty && !busy} />
    </form>
  )
}

interface ServicesSectionProps {
  services: readonly { id: string; name: string }[]
  shown: readonly string[] | null
  error: string | undefined
  onShown: (shown: readonly string[] | null) => void
}

function ServicesSection({ services, shown, error, onShown }: ServicesSectionProps) {
  const all = services.map(({ id }) => id)
  // In the order of the list, whatever was ticked first.
  const toggle = (id: string, isShown: boolean) =>
    onShown(all.filter((one) => (one === id ? isShown : shown?.includes(one))))
  return (
    <SettingsSection title="Which services it shows">
      <div className={styles.services} role="radiogroup" aria-label="Which services it shows">
        <Radio name="service_ids" checked={shown === null} onChange={() => onShown(null)}>
          <span>All of the workspace, also those to come</span>
        </Radio>
        <Radio name="service_ids" checked={shown !== null} onChange={() => onShown(shown ?? all)}>
          <span>Only these</span>
        </Radio>
        {shown !== null && (
          <ul className={styles.ticks}>
            {services.map(({ id, name }) => (
              <li key={id}>
                <Check
                  checked={shown.includes(id)}
                  onChange={(event) => toggle(id, event.target.checked)}
                >
                  <span>{name}</span>
                </Check>
              </li>
            ))}
          </ul>
        )}
      </div>
      {error && <FieldError>{error}</FieldError>}
    </SettingsSection>
  )
}

interface FootProps {
  failure: { text: string; isConflict: boolean } | null
  isDirty: boolean
  onReload: () => void
  children: ReactNode
}

function Foot({ failure, isDirty, onReload, children }: FootProps) {
  return (
    <div className={styles.foot} data-dirty={isDirty || undefined}>
      <span className="grow t2 sm row" role="status">
        {failure && <StatusGlyph state="down" />}
        {failure?.text ?? (isDirty ? "Unsaved changes" : "")}
      </span>
      {failure?.isConflict && <Button onClick={onReload}>Reload</Button>}
      {children}
    </div>
  )
}

/** Refused fields by their place; what has none is told in the foot. */
function placeRefusal(error: unknown): { placed: Errors; text: string | null } {
  const refused = error instanceof ApiError ? error.errors : []
  const placed = Object.fromEntries(
    refused.map(({ field, message }) => [field.split(".")[0] ?? "", message]),
  ) as Errors
  return { placed, text: refused.length > 0 ? null : describeError(error) }
}

function withoutScheme(address: string): string {
  return address.replace(/^https?:\/\//, "")
}
