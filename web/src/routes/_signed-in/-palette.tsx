import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query"
import { useLocation, useRouter } from "@tanstack/react-router"
import { type RefObject, useState } from "react"
import type { Me, ServiceRow, WorkspaceSummary } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { meQuery } from "@/features/account/queries"
import { useLogOut } from "@/features/account/use-log-out"
import type { PaletteEntry, PaletteGroup } from "@/features/palette/entries"
import { PaletteDialog } from "@/features/palette/palette-dialog"
import { servicesQuery } from "@/features/services/queries"
import { groupServices, SHOWN } from "@/features/services/shown-state"
import { HEALTH } from "@/features/shell/health"
import { formatDuration, formatMs } from "@/lib/format"
import { useNow } from "@/lib/use-now"
import { findWorkspaceInView, goToService, type Router } from "./-go"
import { type CommandDeps, listCommands, listPages } from "./-palette-commands"

const STEP_MS = 1000

export interface PaletteProps {
  /** What was typed while this was on its way. */
  early: RefObject<string>
  onClose: () => void
}

/** The palette, filled with what the reader may see and do. */
export function Palette(props: PaletteProps) {
  const { data: me } = useQuery(meQuery())
  return me && <FilledPalette me={me} {...props} />
}

function FilledPalette({ me, early, onClose }: PaletteProps & { me: Me }) {
  const router: Router = useRouter()
  const queryClient = useQueryClient()
  const { pathname, search } = useLocation()
  const { logOut } = useLogOut()
  const now = useNow(STEP_MS)
  const workspace = findWorkspaceInView(me, pathname)
  const others = me.workspaces.filter(({ id }) => id !== workspace?.id)
  // What other workspaces have is asked for by who looks for it.
  const [isLooking, setLooking] = useState(early.current !== "")
  const own = useQuery({ ...servicesQuery(workspace?.id ?? ""), enabled: workspace !== undefined })
  const theirs = useQueries({
    queries: others.map(({ id }) => ({ ...servicesQuery(id), enabled: isLooking })),
  })
  const all = [own, ...theirs]
  const failed = all.filter(({ error, data }) => error && !data)

  const serviceEntry = (workspaceId: string) => (row: ServiceRow) =>
    toEntry(row, now, () => goToService(router, workspaceId, row.id))
  const deps: CommandDeps = { router, queryClient, workspace, logOut }
  const groups: PaletteGroup[] = [
    {
      id: "services",
      title: "Services",
      entries: workspace ? worstFirst(own.data).map(serviceEntry(workspace.id)) : [],
      most: { idle: 5, found: 8 },
    },
    ...others.map(({ id, name }, place) => ({
      id: `services-${id}`,
      title: `Services of ${name}`,
      entries: worstFirst(theirs[place]?.data).map(serviceEntry(id)),
      most: { idle: 0, found: 4 },
    })),
    {
      id: "workspaces",
      title: "Workspaces",
      entries: me.workspaces.map((one) => toWorkspaceEntry(one, router)),
      most: { idle: 0, found: 5 },
    },
    { id: "pages", title: "Pages", entries: listPages(deps), most: { idle: 0, found: 5 } },
    listCommands(deps, own.data ?? [], search.open),
  ]
  return (
    <PaletteDialog
      initial={early.current}
      groups={groups}
      isLoading={all.some((query) => query.isLoading)}
      failure={
        failed[0]
          ? {
              error: failed[0].error,
              retry: () => {
                for (const query of failed) void query.refetch()
              },
            }
          : null
      }
      onType={(typed) => setLooking(typed.trim() !== "")}
      onClose={onClose}
    />
  )
}

function worstFirst(rows: readonly ServiceRow[] = []): ServiceRow[] {
  const { look, quiet, paused } = groupServices(rows)
  return [...look, ...quiet, ...paused]
}

function toEntry(row: ServiceRow, now: number, run: () => void): PaletteEntry {
  const { glyph, word } = SHOWN[row.shown]
  const hint = describe(row, now)
  return {
    id: `service-${row.id}`,
    label: row.name,
    otherWords: `${row.address} ${word}`,
    icon: <StatusGlyph state={glyph} label={row.shown === "up" ? word : undefined} />,
    hint,
    run,
  }
}

/** How it is now: for how long it is down, or how fast it answers. */
function describe({ shown, since, median_ms }: ServiceRow, now: number): string {
  if (shown === "down" && since) return `down ${formatDuration((now - Date.parse(since)) / 1000)}`
  if (shown === "up") return median_ms === null ? "" : formatMs(median_ms)
  if (shown === "maintenance") return "in maintenance"
  return SHOWN[shown].word.toLowerCase()
}

function toWorkspaceEntry({ id, name, health }: WorkspaceSummary, router: Router): PaletteEntry {
  const { state, label } = HEALTH[health]
  return {
    id: `workspace-${id}`,
    label: name,
    icon: <StatusGlyph state={state} />,
    hint: label,
    run: () =>
      void router.navigate({ to: "/workspaces/$workspaceId", params: { workspaceId: id } }),
  }
}
