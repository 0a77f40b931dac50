import { useEffect, useState } from "react"
import type { Invited, Joined, Me } from "@/api/types.gen"
import { isNotFound } from "@/lib/api-error"
import { requestJson } from "@/lib/json-request"

/** What a link of a mail turned out to be. */
export type Looked =
  | { state: "loading" }
  | { state: "dead" }
  | { state: "failed"; error: unknown }
  /** `me` is who is signed in, if anybody. */
  | { state: "shown"; invited: Invited; me: Me | null }

/** Look at an invitation and change nothing. */
export function useInvitation(token: string): { looked: Looked; lookAgain: () => void } {
  const [looked, setLooked] = useState<Looked>({ state: "loading" })
  const [tries, setTries] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each try looks once more
  useEffect(() => {
    let isStale = false
    setLooked({ state: "loading" })
    void look(token).then((next) => !isStale && setLooked(next))
    return () => {
      isStale = true
    }
  }, [token, tries])
  return { looked, lookAgain: () => setTries(tries + 1) }
}

/** Become a member. */
export function acceptInvitation(token: string): Promise<Joined> {
  return requestJson<Joined>("POST", "/api/v1/invitations/accept", { token })
}

/** Decline it, with or without an account. */
export function declineInvitation(token: string): Promise<undefined> {
  return requestJson<undefined>("POST", "/api/v1/invitations/decline", { token })
}

async function look(token: string): Promise<Looked> {
  try {
    const invited = await requestJson<Invited>("POST", "/api/v1/invitations/look", { token })
    const isSignedIn = invited.is_yours !== null
    const me = isSignedIn ? await requestJson<Me>("GET", "/api/v1/me") : null
    return { state: "shown", invited, me }
  } catch (error) {
    return isNotFound(error) ? { state: "dead" } : { state: "failed", error }
  }
}
