import { FieldError } from "@/components/ui/field"

/** What is wrong with a whole form, spoken as soon as it appears. */
export function FormFailure({ children }: { children: string | null }) {
  return <div role="alert">{children && <FieldError>{children}</FieldError>}</div>
}
