import { useCallback, useEffect, useState } from "react"
import type { ServiceRow } from "@/api"
import { holdPlaces, type Places } from "./shown-state"

const NOWHERE: Places = new Map()

/**
 * Let rows stand where they were found while somebody looks at them.
 *
 * A row that goes down changes where it is: under a reader's eye and pointer nothing else moves.
 * Rows are sorted again when asked for, when other words are looked for, and for a tab that was not
 * in view.
 *
 * @param words What is looked for.
 */
export function useHeldPlaces(services: readonly ServiceRow[], words: string) {
  const [held, setHeld] = useState({ words, places: NOWHERE })
  const places = holdPlaces(services, held.words === words ? held.places : NOWHERE)
  if (places !== held.places || words !== held.words) setHeld({ words, places })
  const sort = useCallback(() => setHeld((now) => ({ ...now, places: NOWHERE })), [])
  useEffect(() => {
    const sortUnseen = () => {
      if (document.visibilityState === "visible") sort()
    }
    document.addEventListener("visibilitychange", sortUnseen)
    return () => document.removeEventListener("visibilitychange", sortUnseen)
  }, [sort])
  return { places, sort }
}
