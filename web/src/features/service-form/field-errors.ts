import type { FieldPath } from "react-hook-form"
import type { FieldError } from "@/api/types.gen"
import { type FormValues, listTold } from "./form-values"

/** A refused field by its place in the form. */
export type PlacedError = { path: FieldPath<FormValues>; message: string }

/**
 * Find the place on screen of every refused field of a request.
 *
 * @returns The errors that have a place, and the sentences of those that have none.
 */
export function placeErrors(errors: readonly FieldError[], values: FormValues) {
  const placed: PlacedError[] = []
  const unplaced: string[] = []
  for (const { field, message } of errors) {
    const path = findPlace(field, values)
    if (path) placed.push({ path, message })
    else unplaced.push(message)
  }
  return { placed, unplaced }
}

/** How many fields have an error, however deep they lie. */
export function countErrors(errors: unknown): number {
  if (typeof errors !== "object" || errors === null) return 0
  if ("message" in errors && typeof errors.message === "string") return 1
  return Object.entries(errors)
    .filter(([key]) => key !== "ref" && key !== "root")
    .reduce((sum, [, child]) => sum + countErrors(child), 0)
}

function findPlace(field: string, values: FormValues): FieldPath<FormValues> | null {
  const parts = field.split(".")
  if (parts[0] === "recipients") return findRecipient(Number(parts[1]), values)
  if (field === "period" || field === "period.unit") return "period.every"
  if (field === "checks.0.timeout_ms") return null
  return isPlace(parts, values) ? (field as FieldPath<FormValues>) : null
}

// Only those who are ticked were sent, so the server counts fewer than the form shows.
function findRecipient(sent: number, values: FormValues): FieldPath<FormValues> | null {
  const recipient = listTold(values)[sent]
  if (!recipient) return null
  return `recipients.${values.recipients.indexOf(recipient)}.is_told`
}

function isPlace(parts: string[], values: unknown): boolean {
  const [head, ...rest] = parts
  if (head === undefined) return typeof values !== "object" || values === null
  if (typeof values !== "object" || values === null || !(head in values)) return false
  return isPlace(rest, (values as Record<string, unknown>)[head])
}
