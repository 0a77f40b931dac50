import { ApiError } from "@/lib/api-error"

/** Ask whoever sits here to show that it is them; resolves to whether they did. */
export type ProofAsker = () => Promise<boolean>

let asker: ProofAsker | null = null

/**
 * Let the screen answer when the server wants a proof; the shell does so once.
 *
 * @returns A function that takes it back.
 */
export function answerProofs(next: ProofAsker): () => void {
  asker = next
  return () => {
    if (asker === next) asker = null
  }
}

/**
 * Send a request, and once more after the person has shown that it is them, if the server asks.
 *
 * @throws ApiError for every other refusal, and when the question is closed without an answer.
 */
export async function withProof<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send()
  } catch (error) {
    if (!isProofNeeded(error) || !(await asker?.())) throw error
    return await send()
  }
}

/** Whether the server wants the password once more before it does this. */
export function isProofNeeded(error: unknown): boolean {
  return error instanceof ApiError && error.code === "proof_needed"
}
