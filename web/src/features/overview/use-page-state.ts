import { useEffect } from "react"
import type { Workspace } from "@/api"
import { type WorstState, worstState, writeTitle } from "./facts"

const FAVICONS: Readonly<Record<WorstState, string>> = {
  down: "/favicon-down.svg",
  degraded: "/favicon-degraded.svg",
  up: "/favicon.svg",
}

/** Let the tab tell the worst live state by its title and its icon. */
export function usePageState(workspace: Pick<Workspace, "name" | "counts">): void {
  const title = writeTitle(workspace)
  const favicon = FAVICONS[worstState(workspace)]

  useEffect(() => {
    const before = document.title
    document.title = title
    return () => {
      document.title = before
    }
  }, [title])

  useEffect(() => {
    setFavicon(favicon)
    return () => setFavicon(FAVICONS.up)
  }, [favicon])
}

function setFavicon(href: string): void {
  document.querySelector('link[rel="icon"]')?.setAttribute("href", href)
}
