import { RotateCw } from "lucide-react"
import { useEffect, useEffectEvent } from "react"
import { useWatch } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { cx } from "@/lib/class-names"
import type { FormValues } from "./form-values"
import { previewHeading } from "./preview-heading"
import { readPreviewInput } from "./preview-input"
import { PreviewFailure, PreviewResult } from "./preview-result"
import pageStyles from "./service-form.module.css"
import styles from "./try-it.module.css"
import { usePreview } from "./use-preview"

/** The proof beside the form: what a check would find right now. */
export function TryIt({ workspaceId }: { workspaceId: string }) {
  const check = useWatch<FormValues, "checks.0">({ name: "checks.0" })
  const { run, runWhenLeft, preview, error, isPending, skipped } = usePreview(workspaceId)
  const input = readPreviewInput(check)
  const { state, heading } = previewHeading(preview, error)
  useOnFieldLeft(() => runWhenLeft(input))
  return (
    <aside className={pageStyles.aside} aria-label="Try it">
      <div className={cx("slab", styles.try)} aria-busy={isPending}>
        <div className={styles.head}>
          <StatusGlyph state={state} />
          <b className="grow" role="status">
            {heading}
          </b>
          <Button
            size="sm"
            busy={isPending}
            aria-disabled={!input || undefined}
            onClick={() => input && run(input)}
          >
            <RotateCw className="ic" aria-hidden="true" />
            {preview || error ? "Try again" : "Try it"}
          </Button>
        </div>
        {error && <PreviewFailure error={error} />}
        {!error && preview && <PreviewResult preview={preview} skipped={skipped} />}
        {!error && !preview && (
          <p className="sm t2">
            {input
              ? "See what a check finds before you save."
              : "Type an address, and see here what a check finds."}
          </p>
        )}
      </div>
      <p className={cx("hint", pageStyles.asideHint)}>
        Try it runs from our server, just like a real check. Nothing is saved.
      </p>
    </aside>
  )
}

/** Call back when a field of the form was left, which is when people look up from typing. */
function useOnFieldLeft(onLeft: () => void): void {
  const handleLeft = useEffectEvent(onLeft)
  useEffect(() => {
    const handle = (event: FocusEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest("form")) handleLeft()
    }
    document.addEventListener("focusout", handle)
    return () => document.removeEventListener("focusout", handle)
  }, [])
}
