import { useEffect } from "react"
import { setTabWords } from "@/lib/tab"

/** The words of the tab. The static title of index.html comes first, so a second one would not count. */
export function PageTitle({ children }: { children: string }) {
  useEffect(() => setTabWords(children), [children])
  return null
}
