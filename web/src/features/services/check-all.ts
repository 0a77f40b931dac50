import { checkNow, type ServiceRow } from "@/api"
import { ApiError, describeError } from "@/lib/api-client"
import { formatNoun } from "@/lib/format"

/** How the asking ended: how many are checked now, how many were a moment ago, and what stopped it. */
export interface Asked {
  asked: number
  early: number
  failure: string | null
}

const AT_ONCE = 4
// A service is checked by hand at most once in ten seconds. Who wants a longer rest limits us as a whole.
const REST_OF_ONE_S = 10

/** Ask for a check of every service that is watched; the results arrive like any other. */
export async function checkAll(rows: readonly Pick<ServiceRow, "id" | "mode">[]): Promise<Asked> {
  const waiting = rows.filter(({ mode }) => mode === "active")
  const sum: Asked = { asked: 0, early: 0, failure: null }
  const work = async () => {
    for (let next = waiting.shift(); next && !sum.failure; next = waiting.shift()) {
      try {
        await checkNow({ path: { service_id: next.id } })
        sum.asked += 1
      } catch (error) {
        if (isEarly(error)) sum.early += 1
        else sum.failure = describeError(error)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return sum
}

function isEarly(error: unknown): boolean {
  return (
    error instanceof ApiError && error.status === 429 && (error.retryAfterS ?? 0) <= REST_OF_ONE_S
  )
}

/** The sentence for it: `Checking 7 services now. 2 were checked a moment ago.` */
export function describeAsked({ asked, early, failure }: Asked): string {
  const sentences = [
    asked > 0 && `Checking ${formatNoun(asked, "service")} now.`,
    early > 0 && `${early} ${early === 1 ? "was" : "were"} checked a moment ago.`,
    failure,
  ].filter(Boolean)
  return sentences.join(" ") || "No service is watched now."
}
