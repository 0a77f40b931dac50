import { type ReactNode, useId } from "react"
import { DownGlyph } from "@/components/ui/down-glyph"
import { cx } from "@/lib/class-names"

/** What a control needs so that a reader hears its label, hint and error together. */
export type ControlProps = {
  id: string
  "aria-invalid": true | undefined
  "aria-describedby": string | undefined
}

type FieldProps = {
  label: ReactNode
  /** Shown after the label, as in "optional". */
  note?: string
  hint?: ReactNode
  error?: string
  /** Stands at the end of the label's line, such as a link. */
  aside?: ReactNode
  className?: string
  children: (control: ControlProps) => ReactNode
}

/** A visible label, a control, and under it a hint or the error with its way out. */
export function Field({ label, note, hint, error, aside, className, children }: FieldProps) {
  const { control, hintId, errorId } = useControl({ error, hint })
  const name = (
    <>
      {label}
      {note && " "}
      {note && <span className="opt">{note}</span>}
    </>
  )
  return (
    <div className={cx("field", className)}>
      {aside ? (
        <div className="row">
          <label className="lab grow" htmlFor={control.id}>
            {name}
          </label>
          {aside}
        </div>
      ) : (
        <label htmlFor={control.id}>{name}</label>
      )}
      {children(control)}
      {error && <FieldError id={errorId}>{error}</FieldError>}
      {!error && hint && (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  )
}

/** An error line: glyph, what is wrong, what to do. */
export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p className="err" id={id}>
      <DownGlyph />
      <span>{children}</span>
    </p>
  )
}

function useControl({ error, hint }: { error?: string; hint?: ReactNode }) {
  const id = useId()
  const hintId = `${id}-hint`
  const errorId = `${id}-error`
  const describedBy = error ? errorId : hint ? hintId : undefined
  const control: ControlProps = {
    id,
    "aria-invalid": error ? true : undefined,
    "aria-describedby": describedBy,
  }
  return { control, hintId, errorId }
}
