import { useFormState } from "react-hook-form"
import { UnsavedGuard } from "@/components/unsaved-guard"
import type { FormValues } from "./form-values"

/** Ask before an unsaved service is left. */
export function LeaveGuard() {
  const { isDirty, isSubmitting } = useFormState<FormValues>()
  // Saving ends in leaving the page, which is what was asked for.
  return <UnsavedGuard isUnsaved={isDirty && !isSubmitting} />
}
