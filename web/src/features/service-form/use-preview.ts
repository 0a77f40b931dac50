import { useMutation } from "@tanstack/react-query"
import { useRef } from "react"
import { previewCheck } from "@/api"
import { isHarmless, type PreviewInput } from "./preview-input"

/** Try a check from the server. Nothing is saved. */
export function usePreview(workspaceId: string) {
  const lastTried = useRef("")
  const { mutate, data, error, isPending, variables } = useMutation({
    mutationFn: ({ check }: PreviewInput) =>
      previewCheck({ path: { workspace_id: workspaceId }, body: check }),
  })

  const run = (input: PreviewInput) => {
    lastTried.current = JSON.stringify(input)
    mutate(input)
  }

  /** Try again where that is harmless and something has changed since. */
  const runIfChanged = (input: PreviewInput | null) => {
    if (!input || isPending || !isHarmless(input.check)) return
    if (JSON.stringify(input) !== lastTried.current) run(input)
  }

  return { run, runIfChanged, preview: data, error, isPending, skipped: variables?.skipped ?? [] }
}
