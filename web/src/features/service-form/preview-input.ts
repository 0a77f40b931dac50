import type { HttpCheckInput } from "@/api/types.gen"
import { findCheckMistakes, isSoundRule } from "./form-mistakes"
import { type CheckValues, toCheckInput } from "./form-values"

/** What can be tried of a check that is still being written. */
export type PreviewInput = {
  check: HttpCheckInput
  /** The JSON paths whose rules need a fix first; they are not tried. */
  skipped: string[]
}

/** Take what is sound of a check; nothing when even that cannot be asked. */
export function readPreviewInput(values: CheckValues): PreviewInput | null {
  const rules = values.expectations.json_values
  const sound = rules.filter(isSoundRule)
  const tried = { ...values, expectations: { ...values.expectations, json_values: sound } }
  if (Object.keys(findCheckMistakes(tried)).length > 0) return null
  const skipped = rules.filter((rule) => !sound.includes(rule)).map((rule) => rule.path)
  return { check: toCheckInput(tried), skipped }
}

/** Whether a request may be repeated without asking: it changes nothing at the target. */
export function isHarmless({ method }: HttpCheckInput): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS"
}
