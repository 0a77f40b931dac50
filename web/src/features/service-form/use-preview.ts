import { useMutation } from "@tanstack/react-query"
import { useRef } from "react"
import { previewCheck } from "@/api"
import { isHarmless, type PreviewInput } from "./preview-input"

/** Try a check from the server. Nothing is saved. */
export function usePreview(workspaceId: string) {
  const tried = useRef("")
  const waiting = useRef<PreviewInput | null>(null)
  const { mutate, data, error, isPending, variables } = useMutation({
    mutationFn: ({ check }: PreviewInput) =>
      previewCheck({ path: { workspace_id: workspaceId }, body: check }),
    onSettled: () => runIfChanged(waiting.current),
  })

  function run(input: PreviewInput) {
    tried.current = JSON.stringify(input)
    waiting.current = null
    mutate(input)
  }

  /** Try again where that is harmless and something has changed since. */
  function runIfChanged(input: PreviewInput | null) {
    if (!input || !isHarmless(input.check) || JSON.stringify(input) === tried.current) return
    run(input)
  }

  /** The same, but one after the other: what is changed during a try waits for its end. */
  function runWhenLeft(input: PreviewInput | null) {
    if (isPending) waiting.current = input
    else runIfChanged(input)
  }

  return { run, runWhenLeft, preview: data, error, isPending, skipped: variables?.skipped ?? [] }
}
