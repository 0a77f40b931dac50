import { FieldError } from "@/components/ui/field"

/** What is wrong with a whole form, spoken as soon as it appears. */
export function FormFailure({ children }: { children: string | null }) {
  if (!children) return null
  return (
    <div role="alert">
      <FieldError>{children}</FieldError>
    </div>
  )
}
