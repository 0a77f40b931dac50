import { RotateCw } from "lucide-react"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { describeError } from "@/lib/api-error"
import styles from "./error-state.module.css"

type ErrorStateProps = { error: unknown; onRetry?: () => void; className?: string }

/** What failed, in one line, and the way to try again. */
export function ErrorState({ error, onRetry, className }: ErrorStateProps) {
  return (
    <div className={className ?? styles.error} role="alert">
      <StatusGlyph state="down" />
      <span className="grow">{describeError(error)}</span>
      {onRetry && (
        <Button size="sm" onClick={onRetry}>
          <RotateCw className="ic" aria-hidden="true" />
          Try again
        </Button>
      )}
    </div>
  )
}
