import { lazy, Suspense, useEffect, useRef, useState } from "react"
import { answerProofs } from "@/lib/proof"

// Most who come never do what needs it.
const ProofDialog = lazy(() =>
  import("./proof-dialog").then((module) => ({ default: module.ProofDialog })),
)

/** Answers whenever the server wants to know that it is still the owner who sits here. */
export function ProofGate() {
  const [isAsked, setAsked] = useState(false)
  const [wasAsked, setWasAsked] = useState(false)
  const answers = useRef<((isShown: boolean) => void)[]>([])
  useEffect(() => {
    const ask = () =>
      new Promise<boolean>((resolve) => {
        // Two requests at once are answered by one proof.
        answers.current.push(resolve)
        setAsked(true)
        setWasAsked(true)
      })
    return answerProofs(ask)
  }, [])
  const answer = (isShown: boolean) => {
    setAsked(false)
    for (const resolve of answers.current.splice(0)) resolve(isShown)
  }
  if (!wasAsked) return null
  return (
    <Suspense>
      <ProofDialog open={isAsked} onShown={() => answer(true)} onClose={() => answer(false)} />
    </Suspense>
  )
}
