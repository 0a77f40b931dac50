import { createFileRoute, notFound, Outlet } from "@tanstack/react-router"

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId")({
  beforeLoad: ({ context, params }) => {
    const workspace = context.me.workspaces.find((one) => one.id === params.workspaceId)
    if (!workspace) throw notFound()
    return { workspace }
  },
  component: Outlet,
})
