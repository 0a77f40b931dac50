import { useEffect, useRef, useState } from "react"
import { answerProofs } from "@/lib/proof"
import { ProofDialog } from "./proof-dialog"

/** Answers whenever the server wants to know that it is still the owner who sits here. */
export function ProofGate() {
  const [isAsked, setAsked] = useState(false)
  const answers = useRef<((isShown: boolean) => void)[]>([])
  useEffect(() => {
    const ask = () =>
      new Promise<boolean>((resolve) => {
        // Two requests at once are answered by one proof.
        answers.current.push(resolve)
        setAsked(true)
      })
    return answerProofs(ask)
  }, [])
  const answer = (isShown: boolean) => {
    setAsked(false)
    for (const resolve of answers.current.splice(0)) resolve(isShown)
  }
  return <ProofDialog open={isAsked} onShown={() => answer(true)} onClose={() => answer(false)} />
}
