import type { QueryClient } from "@tanstack/react-query"
import type { WorkspaceSummary } from "@/api"
import { meQuery } from "@/features/account/queries"
import { createKeyReader, type KeyCommand } from "@/features/keyboard/keys"
import { showSheet } from "@/lib/sheets"
import { findWorkspaceInView, goToFilter, goToInvite, type Router } from "./-go"

const read = createKeyReader(() => performance.now())

/** Do what a letter stands for, if it stands for something and the reader may. */
export function press(key: string, router: Router, queryClient: QueryClient): void {
  const command = read(key)
  const me = queryClient.getQueryData(meQuery().queryKey)
  if (!command || !me) return
  const workspace = findWorkspaceInView(me, router.state.location.pathname)
  if (command === "sheet") showSheet("keys")
  else if (command === "filter") goToFilter(router, workspace?.id)
  else if (command === "dashboard") void router.navigate({ to: "/" })
  else if (command === "your-settings") void router.navigate({ to: "/settings" })
  else if (workspace?.may.includes(NEEDS[command])) goWithin(workspace, command, router)
}

type WithinWorkspace = Exclude<KeyCommand, "sheet" | "filter" | "dashboard" | "your-settings">

/** What one must be allowed to for a screen to be there. */
const NEEDS: Readonly<Record<WithinWorkspace, string>> = {
  "new-service": "service.write",
  invite: "invitation.write",
  services: "service.read",
  messages: "delivery.read",
  members: "workspace.read",
  "status-page": "workspace.read",
  "workspace-settings": "workspace.read",
}

function goWithin({ id }: WorkspaceSummary, command: WithinWorkspace, router: Router): void {
  if (command === "invite") goToInvite(router, id)
  else void router.navigate({ to: SCREENS[command], params: { workspaceId: id } })
}

const SCREENS = {
  "new-service": "/workspaces/$workspaceId/services/new",
  services: "/workspaces/$workspaceId",
  messages: "/workspaces/$workspaceId/messages",
  members: "/workspaces/$workspaceId/members",
  "status-page": "/workspaces/$workspaceId/status-page",
  "workspace-settings": "/workspaces/$workspaceId/settings",
} as const
