import type { QueryClient } from "@tanstack/react-query"
import {
  Activity,
  Globe,
  History,
  Keyboard,
  KeyRound,
  LayoutGrid,
  LogOut,
  type LucideIcon,
  Mail,
  Pause,
  Play,
  Plus,
  RotateCw,
  Settings,
  SlidersHorizontal,
  SunMoon,
  UserPlus,
  Users,
  Zap,
} from "lucide-react"
import { checkNow, type ServiceRow, type WorkspaceSummary } from "@/api"
import { showToast } from "@/components/ui/toast"
import { keysOf } from "@/features/keyboard/keys"
import type { PaletteEntry, PaletteGroup } from "@/features/palette/entries"
import { checkAll, describeAsked } from "@/features/services/check-all"
import { startPauseOrResume } from "@/features/services/mutations"
import { describeError } from "@/lib/api-client"
import { queryKeys } from "@/lib/query-keys"
import { showSheet } from "@/lib/sheets"
import { isDark, setTheme } from "@/lib/theme"
import { goToInvite, type Router } from "./-go"

/** What the commands work with. */
export interface CommandDeps {
  router: Router
  queryClient: QueryClient
  /** The workspace in view; none for who is in none. */
  workspace: WorkspaceSummary | undefined
  logOut: () => void
}

/** The pages that the reader may open, found by their names. */
export function listPages({ router, workspace }: CommandDeps): PaletteEntry[] {
  const page = (label: string, Icon: LucideIcon, go: () => Promise<void>, rest = {}) => ({
    id: `page-${label}`,
    label,
    icon: icon(Icon),
    run: () => void go(),
    ...rest,
  })
  const everywhere = [
    page("All workspaces", LayoutGrid, () => router.navigate({ to: "/" }), {
      otherWords: "home dashboard",
      keys: keysOf("dashboard"),
    }),
    page("Your settings", Settings, () => router.navigate({ to: "/settings" }), {
      otherWords: "account profile password second factor photo appearance theme",
      keys: keysOf("your-settings"),
    }),
  ]
  if (!workspace) return everywhere
  const params = { workspaceId: workspace.id }
  const may = (permission: string) => workspace.may.includes(permission)
  const at = "/workspaces/$workspaceId"
  return [
    page("Services", Activity, () => router.navigate({ to: at, params }), {
      keys: keysOf("services"),
    }),
    ...(may("delivery.read")
      ? [
          page("Messages", Mail, () => router.navigate({ to: `${at}/messages`, params }), {
            otherWords: "mail sent told",
            keys: keysOf("messages"),
          }),
        ]
      : []),
    page("Members", Users, () => router.navigate({ to: `${at}/members`, params }), {
      otherWords: "people roles invitations",
      keys: keysOf("members"),
    }),
    page("Status page", Globe, () => router.navigate({ to: `${at}/status-page`, params }), {
      otherWords: "public publish",
      keys: keysOf("status-page"),
    }),
    page(
      "Workspace settings",
      SlidersHorizontal,
      () => router.navigate({ to: `${at}/settings`, params }),
      { otherWords: "time zone transfer delete leave", keys: keysOf("workspace-settings") },
    ),
    page("API keys", KeyRound, () => router.navigate({ to: `${at}/keys`, params })),
    ...(may("audit.read")
      ? [
          page("History", History, () => router.navigate({ to: `${at}/audit`, params }), {
            otherWords: "audit changes",
          }),
        ]
      : []),
    ...everywhere,
  ]
}

/** What the reader may do; what concerns one service is found by its name, or offered while it is open. */
export function listCommands(
  deps: CommandDeps,
  rows: readonly ServiceRow[],
  openId: string | undefined,
): PaletteGroup {
  const open = rows.filter(({ id }) => id === openId)
  const idle = [
    ...open.flatMap((row) => serviceCommands(deps, row)),
    ...workspaceCommands(deps, rows),
    ...ownCommands(deps),
  ]
  const others = rows.filter(({ id }) => id !== openId)
  return {
    id: "commands",
    title: "Commands",
    entries: [...idle, ...others.flatMap((row) => serviceCommands(deps, row))],
    most: { idle: idle.length, found: 6 },
  }
}

function workspaceCommands(
  { router, queryClient, workspace }: CommandDeps,
  rows: readonly ServiceRow[],
): PaletteEntry[] {
  if (!workspace) return []
  const { id, may } = workspace
  const isWatched = rows.some(({ mode }) => mode === "active")
  const commands: (PaletteEntry | false)[] = [
    may.includes("service.write") && {
      id: "new-service",
      label: "New service",
      otherWords: "watch add create",
      icon: icon(Plus),
      keys: keysOf("new-service"),
      run: () =>
        void router.navigate({
          to: "/workspaces/$workspaceId/services/new",
          params: { workspaceId: id },
        }),
    },
    may.includes("invitation.write") && {
      id: "invite",
      label: "Invite someone",
      otherWords: "member people",
      icon: icon(UserPlus),
      keys: keysOf("invite"),
      run: () => goToInvite(router, id),
    },
    may.includes("service.check_now") &&
      isWatched && {
        id: "check-all",
        label: "Check everything now",
        icon: icon(Zap),
        run: () => void checkEverything(queryClient, id, rows),
      },
  ]
  return commands.filter((command) => command !== false)
}

function ownCommands({ logOut }: CommandDeps): PaletteEntry[] {
  return [
    {
      id: "theme",
      label: "Switch light and dark",
      otherWords: "theme appearance",
      icon: icon(SunMoon),
      run: () => setTheme(isDark() ? "light" : "dark"),
    },
    {
      id: "keys",
      label: "Keyboard shortcuts",
      icon: icon(Keyboard),
      keys: keysOf("sheet"),
      run: () => showSheet("keys"),
    },
    { id: "log-out", label: "Log out", otherWords: "sign out", icon: icon(LogOut), run: logOut },
  ]
}

function serviceCommands({ queryClient, workspace }: CommandDeps, row: ServiceRow): PaletteEntry[] {
  if (!workspace) return []
  const { id, name, mode } = row
  const isPaused = mode === "paused"
  const ref = { id, name, workspaceId: workspace.id }
  const commands: (PaletteEntry | false)[] = [
    workspace.may.includes("service.check_now") &&
      !isPaused && {
        id: `check-${id}`,
        label: `Check ${name} now`,
        icon: icon(RotateCw),
        run: () => void checkOne(queryClient, workspace.id, row),
      },
    workspace.may.includes("service.write") && {
      id: `pause-${id}`,
      label: `${isPaused ? "Resume" : "Pause"} ${name}`,
      icon: icon(isPaused ? Play : Pause),
      run: () => void startPauseOrResume(queryClient, ref, isPaused ? "active" : "paused"),
    },
  ]
  return commands.filter((command) => command !== false)
}

async function checkOne(
  queryClient: QueryClient,
  workspaceId: string,
  { id, name }: ServiceRow,
): Promise<void> {
  try {
    await checkNow({ path: { service_id: id } })
    showToast(`Checking ${name} now`)
  } catch (error) {
    showToast(describeError(error), { tone: "error" })
  }
  void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId) })
}

async function checkEverything(
  queryClient: QueryClient,
  workspaceId: string,
  rows: readonly ServiceRow[],
): Promise<void> {
  const asked = await checkAll(rows)
  showToast(describeAsked(asked), { tone: asked.failure ? "error" : "plain" })
  void queryClient.invalidateQueries({ queryKey: queryKeys.workspace(workspaceId) })
}

function icon(Icon: LucideIcon) {
  return <Icon className="ic" aria-hidden="true" />
}
