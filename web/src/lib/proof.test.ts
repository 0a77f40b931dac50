import { expect, test, vi } from "vitest"
import { ApiError } from "@/lib/api-error"
import { answerProofs, withProof } from "@/lib/proof"

const REFUSAL = new ApiError({
  type: "about:blank",
  title: "Is it you?",
  status: 403,
  code: "proof_needed",
  detail: "Type your password once more, then do it again.",
})

/** A request that is refused until somebody has shown that it is them. */
const refusedOnce = () => vi.fn().mockRejectedValueOnce(REFUSAL).mockResolvedValue("done")

test("a request that needs a proof is sent again after it", async () => {
  const stop = answerProofs(async () => true)
  const send = refusedOnce()

  expect(await withProof(send)).toBe("done")

  expect(send).toHaveBeenCalledTimes(2)
  stop()
})

test("who closes the question changes nothing", async () => {
  const stop = answerProofs(async () => false)
  const send = refusedOnce()

  await expect(withProof(send)).rejects.toBe(REFUSAL)

  expect(send).toHaveBeenCalledOnce()
  stop()
})

test("without anybody to ask the refusal stands", async () => {
  await expect(withProof(refusedOnce())).rejects.toBe(REFUSAL)
})
