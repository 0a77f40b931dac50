import { useEffect } from "react"

/** The words of the tab. The static title of index.html comes first, so a second one would not count. */
export function PageTitle({ children }: { children: string }) {
  useEffect(() => {
    document.title = `${children} · Allgreen`
  }, [children])
  return null
}
