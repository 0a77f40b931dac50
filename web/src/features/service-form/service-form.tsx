import { lazy, type ReactNode, Suspense, useMemo } from "react"
import { FormProvider, useForm } from "react-hook-form"
import type { ServiceInput } from "@/api/types.gen"
import { Skeleton } from "@/components/ui/skeleton"
import { ApiError, isSignedOut } from "@/lib/api-error"
import { AskSection } from "./ask-section"
import { CorrectSection } from "./correct-section"
import { placeErrors } from "./field-errors"
import { FormFoot } from "./form-foot"
import { createResolver } from "./form-mistakes"
import { type FormValues, toServiceInput } from "./form-values"
import { OftenSection } from "./often-section"
import styles from "./service-form.module.css"
import { ToldSection } from "./told-section"

/** The parts of a service that were changed. */
export type ChangedParts = Partial<ServiceInput>

type ServiceFormProps = {
  workspaceId: string
  values: FormValues
  /** The word on the button. */
  submitLabel: string
  /** The shortest period that this installation allows. */
  minIntervalS: number
  hasMail: boolean
  mayTry: boolean
  zone: string
  /** When the service is checked next, if it is there already. */
  nextSlotAt?: string | null
  cancel: ReactNode
  /** Send. A refusal is thrown as an `ApiError`. */
  onSave: (service: ServiceInput, changed: ChangedParts) => Promise<void>
}

// What was typed is worth a guard only after it was typed.
const LeaveGuard = lazy(async () => ({ default: (await import("./leave-guard")).LeaveGuard }))
const TryIt = lazy(async () => ({ default: (await import("./try-it")).TryIt }))

/** A service in four questions, with proof beside them. */
export function ServiceForm(props: ServiceFormProps) {
  const { workspaceId, values, submitLabel, minIntervalS, hasMail, mayTry, cancel, onSave } = props
  const resolver = useMemo(() => createResolver(minIntervalS), [minIntervalS])
  const form = useForm<FormValues>({
    defaultValues: values,
    resolver,
    // Errors come with the first try to save and then follow the typing. An error that came or
    // went as a field is left would move the button under the pointer, and the click would miss.
    mode: "onSubmit",
    reValidateMode: "onChange",
  })
  const { dirtyFields } = form.formState
  const hasCheck = values.checks.length > 0

  const save = async (filled: FormValues) => {
    const service = toServiceInput(filled)
    try {
      await onSave(service, pickChanged(service, dirtyFields))
    } catch (error) {
      showRefusal(error, filled)
    }
  }

  const showRefusal = (error: unknown, filled: FormValues) => {
    const refused = error instanceof ApiError ? error.errors : []
    const { placed, unplaced } = placeErrors(refused, filled)
    for (const [index, { path, message }] of placed.entries()) {
      form.setError(path, { type: "server", message }, { shouldFocus: index === 0 })
    }
    if (placed.length > 0 && unplaced.length === 0) return
    form.setError("root", { type: "server", message: unplaced[0] ?? messageOf(error) })
  }

  return (
    <FormProvider {...form}>
      <div className={styles.cols}>
        <form onSubmit={form.handleSubmit(save)} noValidate aria-label="Service">
          <AskSection />
          {hasCheck && <CorrectSection />}
          <OftenSection
            zone={props.zone}
            nextSlotAt={props.nextSlotAt ?? null}
            hasTries={hasCheck}
          />
          <ToldSection hasMail={hasMail} workspaceId={workspaceId} />
          <FormFoot cancel={cancel} submitLabel={submitLabel} />
        </form>
        <Suspense>
          <LeaveGuard />
        </Suspense>
        {mayTry && hasCheck && (
          <Suspense fallback={<Skeleton height={122} radius="var(--r-5)" />}>
            <TryIt workspaceId={workspaceId} />
          </Suspense>
        )}
      </div>
    </FormProvider>
  )
}

function messageOf(error: unknown): string {
  // Going to the log-in page would throw away what was typed.
  if (isSignedOut(error)) return "You were signed out. Sign in, then save once more."
  if (error instanceof ApiError) return error.message
  return "This could not be saved because of an error on this page. Reload it and try again."
}

// A part that nobody touched is not sent: a period that is sent again would start a new grid.
function pickChanged(service: ServiceInput, dirty: Record<string, unknown>): ChangedParts {
  const parts = Object.entries(service).filter(([part]) => part in dirty)
  return Object.fromEntries(parts)
}
