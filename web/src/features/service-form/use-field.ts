import { type FieldError, type FieldPath, get, useFormContext } from "react-hook-form"
import type { FormValues } from "./form-values"

/** Register a field and find its error: what an input beside its error line needs. */
export function useField(path: FieldPath<FormValues>) {
  const { register, formState } = useFormContext<FormValues>()
  const error = (get(formState.errors, path) as FieldError | undefined)?.message
  return { field: register(path), error }
}
