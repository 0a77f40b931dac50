import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import type { Counts } from "@/api"
import { useLiveState } from "@/lib/live"
import { setTabLead } from "@/lib/tab"
import { type WorstState, worstState, writeLead } from "./facts"
import { workspaceQuery } from "./queries"
import { FALLBACK_REFRESH_MS, useStaleness } from "./stale-line"

const PIPES =
  "M0 11h3.6v9H0zM5.6 5h3.6v15H5.6zM11.2 0h3.6v20h-3.6zM16.8 3h3.6v17h-3.6zM22.4 12.6H26v2.8h-3.6z"

const FAVICONS: Readonly<Record<WorstState, string>> = {
  down: "/favicon-down.svg",
  degraded: "/favicon-degraded.svg",
  up: "/favicon.svg",
  // Shown just when there may be no network to fetch it by; else the green one would stay.
  unknown: `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -6 32 32" fill="gray"><path d="${PIPES}"/></svg>`,
  )}`,
}

/** Lets the tab tell how the workspace is on every page of it, and asks by itself when events stay away. */
export function WorkspaceTabState({ workspaceId }: { workspaceId: string }) {
  const live = useLiveState()
  const refetchInterval = live.connected ? false : FALLBACK_REFRESH_MS
  const { data, dataUpdatedAt } = useQuery({ ...workspaceQuery(workspaceId), refetchInterval })
  return data ? <TabState counts={data.counts} updatedAt={dataUpdatedAt} /> : null
}

type TabStateProps = {
  counts: Counts
  updatedAt: number
  isPolled?: boolean
}

/** Lets the tab tell the worst live state by its title and its icon; what is old is not told as now. */
export function TabState({ counts, updatedAt, isPolled }: TabStateProps) {
  const { since } = useStaleness(updatedAt, isPolled)
  const isStale = since !== null
  const lead = isStale ? "No news · " : writeLead(counts)
  const favicon = FAVICONS[isStale ? "unknown" : worstState(counts)]

  useEffect(() => {
    setTabLead(lead)
    return () => setTabLead("")
  }, [lead])

  useEffect(() => {
    setFavicon(favicon)
    return () => setFavicon(FAVICONS.up)
  }, [favicon])

  return null
}

function setFavicon(href: string): void {
  const icon = document.querySelector('link[rel="icon"]')
  if (icon?.getAttribute("href") !== href) icon?.setAttribute("href", href)
}
