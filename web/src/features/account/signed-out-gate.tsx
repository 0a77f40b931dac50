import { lazy, Suspense, useEffect, useState } from "react"
import { answerSignOuts } from "@/lib/signed-out"

// Most who come leave by themselves.
const SignedOutDialog = lazy(() =>
  import("./signed-out-dialog").then((module) => ({ default: module.SignedOutDialog })),
)

/** Says that the session has ended, over a page that keeps what was typed in it. */
export function SignedOutGate() {
  const [isOut, setOut] = useState(false)
  useEffect(() => answerSignOuts(() => setOut(true)), [])
  if (!isOut) return null
  return (
    <Suspense>
      <SignedOutDialog onClose={() => setOut(false)} />
    </Suspense>
  )
}
