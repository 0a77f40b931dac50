import { useFormContext } from "react-hook-form"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import styles from "./account.module.css"
import type { ProfileValues } from "./profile-values"

/** What is not saved yet, with both ways out. */
export function SaveBar({ formId }: { formId: string }) {
  const { formState, reset } = useFormContext<ProfileValues>()
  const { isDirty, isSubmitting, errors } = formState
  const failure = errors.root?.message
  if (!isDirty && !failure) return null
  const discard = () => {
    reset()
    // The button goes with what it discards.
    document.getElementById("main")?.focus({ preventScroll: true })
  }
  return (
    <div className={styles.save}>
      <span className="grow t2" role="status">
        {failure && <StatusGlyph state="down" />}
        {failure ?? "Unsaved changes"}
      </span>
      <Button variant="ghost" onClick={discard}>
        Discard
      </Button>
      <Button type="submit" form={formId} variant="primary" busy={isSubmitting}>
        Save
      </Button>
    </div>
  )
}
