import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, Link } from "@tanstack/react-router"
import { useState } from "react"
import { RouteErrorPage } from "@/components/route-states"
import { buttonClass } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { instanceQuery } from "@/features/account/queries"
import { FormPage } from "@/features/service-form/form-page"
import { FormSkeleton } from "@/features/service-form/form-skeleton"
import { valuesOf } from "@/features/service-form/form-values"
import { useEditService } from "@/features/service-form/mutations"
import { editedServiceQuery, peopleQuery } from "@/features/service-form/queries"
import { ServiceForm } from "@/features/service-form/service-form"

export const Route = createFileRoute(
  "/_signed-in/workspaces/$workspaceId/services/$serviceId/edit",
)({
  loader: async ({ context: { queryClient }, params }) => {
    const [service] = await Promise.all([
      queryClient.fetchQuery(editedServiceQuery(params.serviceId)),
      queryClient.ensureQueryData(peopleQuery(params.workspaceId)),
      queryClient.ensureQueryData(instanceQuery()),
    ])
    return { service }
  },
  pendingComponent: FormSkeleton,
  errorComponent: RouteErrorPage,
  component: EditServicePage,
})

function EditServicePage() {
  const { workspace } = Route.useRouteContext()
  const loaded = Route.useLoaderData()
  // The form and its version belong together: a change that arrives meanwhile must not slip in.
  const [service] = useState(loaded.service)
  const { data: people } = useSuspenseQuery(peopleQuery(workspace.id))
  const { data: instance } = useSuspenseQuery(instanceQuery())
  const navigate = Route.useNavigate()
  const edit = useEditService(workspace.id, service)
  const [values] = useState(() => valuesOf(service, people))
  const back = {
    to: "/workspaces/$workspaceId",
    params: { workspaceId: workspace.id },
    search: { open: service.id },
  } as const
  return (
    <FormPage workspace={workspace} title={`Edit ${service.name}`}>
      {service.may.includes("service.write") ? (
        <ServiceForm
          workspaceId={workspace.id}
          values={values}
          submitLabel="Save"
          minIntervalS={instance.min_interval_s}
          hasMail={instance.mail}
          mayTry={service.may.includes("service.preview")}
          zone={workspace.time_zone}
          nextSlotAt={service.next_slot_at}
          cancel={
            <Link {...back} className={buttonClass({ variant: "ghost" })}>
              Cancel
            </Link>
          }
          onSave={async (_, changed) => {
            if (Object.keys(changed).length > 0) await edit(changed)
            await navigate(back)
          }}
        />
      ) : (
        <EmptyState action={<Link {...back}>Back to the service</Link>}>
          You may look at this service, but not change it. Ask an admin of the workspace.
        </EmptyState>
      )}
    </FormPage>
  )
}
