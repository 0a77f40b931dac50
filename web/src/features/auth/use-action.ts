import { useState } from "react"
import { describeError } from "@/lib/api-error"

/** Something that one press does: whether it is under way, and why it failed. */
export function useAction(act: () => Promise<void>) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const run = () => {
    setBusy(true)
    setFailure(null)
    act().then(
      () => setBusy(false),
      (error) => {
        setFailure(describeError(error))
        setBusy(false)
      },
    )
  }
  return { run, busy, failure }
}
