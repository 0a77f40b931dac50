import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute } from "@tanstack/react-router"
import { useState } from "react"
import type { PageEdit, Workspace } from "@/api"
import { RouteErrorPage } from "@/components/route-states"
import { showToast } from "@/components/ui/toast"
import { instanceQuery } from "@/features/account/queries"
import { workspaceQuery } from "@/features/overview/queries"
import { servicesQuery } from "@/features/services/queries"
import { useEditStatusPage } from "@/features/status-page/mutations"
import { PageForm } from "@/features/status-page/page-form"
import { PublishSection } from "@/features/status-page/publish-section"
import { statusPageQuery } from "@/features/status-page/queries"
import { SettingsPage } from "@/features/workspaces/settings-page"
import { SettingsSkeleton } from "@/features/workspaces/settings-skeleton"
import { useNow } from "@/lib/use-now"

const STEP_MS = 60_000

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/status-page")({
  loader: async ({ context: { queryClient }, params: { workspaceId } }) => {
    const [page] = await Promise.all([
      queryClient.fetchQuery(statusPageQuery(workspaceId)),
      queryClient.ensureQueryData(workspaceQuery(workspaceId)),
      queryClient.ensureQueryData(servicesQuery(workspaceId)),
      queryClient.ensureQueryData(instanceQuery()),
    ])
    return { page }
  },
  pendingComponent: SettingsSkeleton,
  errorComponent: RouteErrorPage,
  component: StatusPageSettings,
})

function StatusPageSettings() {
  const { workspaceId } = Route.useParams()
  const { data: workspace } = useSuspenseQuery(workspaceQuery(workspaceId))
  return (
    <SettingsPage
      workspace={workspace}
      title="Status page"
      lead={
        workspace.may.includes("status_page.edit")
          ? "What everybody sees of this workspace, once you publish it."
          : "What everybody sees of this workspace. Its owners and admins change it."
      }
    >
      <Settings key={workspaceId} workspace={workspace} />
    </SettingsPage>
  )
}

function Settings({ workspace }: { workspace: Workspace }) {
  const loaded = Route.useLoaderData()
  const queryClient = useQueryClient()
  const edit = useEditStatusPage(workspace.id)
  const { data: services } = useSuspenseQuery(servicesQuery(workspace.id))
  const { data: instance } = useSuspenseQuery(instanceQuery())
  const now = useNow(STEP_MS)
  // The form and its version belong together: a change that arrives meanwhile must not slip in.
  const [page, setPage] = useState(loaded.page)
  const [reloads, setReloads] = useState(0)
  const isOwner = workspace.may.includes("status_page.publish")

  async function save(change: PageEdit) {
    if (Object.keys(change).length > 0) setPage(await edit(page.version, change))
    showToast("The status page is saved")
  }

  async function publish(is_published: boolean) {
    // The first time it takes the name that is proposed.
    const named = is_published && page.slug === null ? { slug: page.suggested_slug } : {}
    setPage(await edit(page.version, { is_published, ...named }))
    showToast(is_published ? "Everybody can see the status page" : "The status page is for members")
  }

  async function reload() {
    setPage(await queryClient.fetchQuery({ ...statusPageQuery(workspace.id), staleTime: 0 }))
    setReloads((count) => count + 1)
  }

  return (
    <>
      <PublishSection
        workspaceId={workspace.id}
        page={page}
        baseUrl={instance.public_url}
        canPublish={isOwner}
        now={now}
        zone={workspace.time_zone}
        onPublish={publish}
      />
      {workspace.may.includes("status_page.edit") && (
        <PageForm
          key={reloads}
          page={page}
          baseUrl={instance.public_url}
          services={services}
          isOwner={isOwner}
          onSave={save}
          onReload={() => void reload()}
        />
      )}
    </>
  )
}
