import { type FormEvent, useState } from "react"
import { ApiError, describeError } from "@/lib/api-error"

export type Values = Record<string, string>
export type Errors = Record<string, string>

type ShortForm = {
  /** What is wrong, by the name of the field. */
  errors: Errors
  /** What is wrong with the whole, when no field can be blamed. */
  failure: string | null
  busy: boolean
  handleSubmit: (event: FormEvent<HTMLFormElement>) => void
}

type ShortFormOptions = {
  /** Look for mistakes before sending; an empty object sends. */
  check: (values: Values) => Errors
  /** Send. A refusal is thrown as an `ApiError`. */
  send: (values: Values) => Promise<void>
}

/**
 * The behaviour of a short form whose fields the browser keeps.
 *
 * The sign-in pages have no room for the form library, and a dialog of one field needs none. Errors
 * land beside their fields, and the first one takes the focus.
 */
export function useShortForm({ check, send }: ShortFormOptions): ShortForm {
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  const show = (form: HTMLFormElement, next: Errors) => {
    setErrors(next)
    focusFirst(form, next)
  }

  const submit = async (form: HTMLFormElement) => {
    const values = readValues(form)
    const mistakes = check(values)
    setFailure(null)
    show(form, mistakes)
    if (Object.keys(mistakes).length > 0) return
    setBusy(true)
    try {
      await send(values)
    } catch (error) {
      const refused = byField(error, form)
      show(form, refused)
      if (Object.keys(refused).length === 0) setFailure(describeError(error))
    }
    setBusy(false)
  }

  const handleSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!busy) void submit(event.currentTarget)
  }
  return { errors, failure, busy, handleSubmit }
}

function readValues(form: HTMLFormElement): Values {
  const entries = [...new FormData(form)]
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

// An error of a field that this form does not show would otherwise be seen by nobody.
function byField(error: unknown, form: HTMLFormElement): Errors {
  if (!(error instanceof ApiError)) return {}
  const shown = error.errors.filter(({ field }) => form.elements.namedItem(field))
  return Object.fromEntries(shown.map(({ field, message }) => [field, message]))
}

function focusFirst(form: HTMLFormElement, errors: Errors): void {
  const control = [...form.elements].find(
    (element) => (element.getAttribute("name") ?? "") in errors,
  )
  if (control instanceof HTMLElement) control.focus()
}
