import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, Link } from "@tanstack/react-router"
import { useState } from "react"
import { RouteErrorPage } from "@/components/route-states"
import { buttonClass } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { instanceQuery } from "@/features/account/queries"
import { FormPage } from "@/features/service-form/form-page"
import { FormSkeleton } from "@/features/service-form/form-skeleton"
import { newValues } from "@/features/service-form/form-values"
import { useCreateService } from "@/features/service-form/mutations"
import { peopleQuery } from "@/features/service-form/queries"
import { ServiceForm } from "@/features/service-form/service-form"

export const Route = createFileRoute("/_signed-in/workspaces/$workspaceId/services/new")({
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(peopleQuery(params.workspaceId)),
      queryClient.ensureQueryData(instanceQuery()),
    ]),
  pendingComponent: FormSkeleton,
  errorComponent: RouteErrorPage,
  component: NewServicePage,
})

function NewServicePage() {
  const { workspace } = Route.useRouteContext()
  const { data: people } = useSuspenseQuery(peopleQuery(workspace.id))
  const { data: instance } = useSuspenseQuery(instanceQuery())
  const navigate = Route.useNavigate()
  const create = useCreateService(workspace.id)
  const [values] = useState(() => newValues(people))
  const services = {
    to: "/workspaces/$workspaceId",
    params: { workspaceId: workspace.id },
  } as const
  return (
    <FormPage workspace={workspace} title="Watch a service">
      {workspace.may.includes("service.write") ? (
        <ServiceForm
          workspaceId={workspace.id}
          values={values}
          submitLabel="Start watching"
          minIntervalS={instance.min_interval_s}
          hasMail={instance.mail}
          mayTry={workspace.may.includes("service.preview")}
          zone={workspace.time_zone}
          cancel={
            <Link {...services} className={buttonClass({ variant: "ghost" })}>
              Cancel
            </Link>
          }
          onSave={async (service) => {
            const { id } = await create(service)
            await navigate({ ...services, search: { open: id } })
          }}
        />
      ) : (
        <EmptyState action={<Link {...services}>Back to the services</Link>}>
          You may look at this workspace, but not add services. Ask an admin of it.
        </EmptyState>
      )}
    </FormPage>
  )
}
