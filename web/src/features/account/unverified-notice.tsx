import { useMutation } from "@tanstack/react-query"
import { resendVerification } from "@/api"
import { Button } from "@/components/ui/button"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"
import styles from "./unverified-notice.module.css"

/** Why nothing is checked yet, and the way to change it. */
export function UnverifiedNotice({ email }: { email: string }) {
  const { mutate, isPending } = useMutation({
    mutationFn: () => resendVerification(),
    onSuccess: () => showToast(`A new link is on its way to ${email}.`),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
  })
  return (
    <div className={styles.notice} role="status">
      <StatusGlyph state="degraded" />
      <span className="grow">
        Your services are checked once you open the link we sent to {email}.
      </span>
      <Button size="sm" busy={isPending} onClick={() => mutate()}>
        Send it again
      </Button>
    </div>
  )
}
