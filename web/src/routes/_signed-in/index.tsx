import { createFileRoute, redirect } from "@tanstack/react-router"
import { NoWorkspace } from "@/features/account/no-workspace"

export const Route = createFileRoute("/_signed-in/")({
  beforeLoad: ({ context }) => {
    const first = context.me.workspaces[0]
    if (first) throw redirect({ to: "/workspaces/$workspaceId", params: { workspaceId: first.id } })
  },
  component: NoWorkspace,
})
