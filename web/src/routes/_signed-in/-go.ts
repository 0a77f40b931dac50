import type { useRouter } from "@tanstack/react-router"
import type { Me, WorkspaceSummary } from "@/api"
import { findLastWorkspace } from "@/lib/last-workspace"

export type Router = Pick<ReturnType<typeof useRouter>, "navigate" | "subscribe" | "state">

/** The workspace whose page is open, else the one that the navigation shows. */
export function findWorkspaceInView(me: Me, pathname: string): WorkspaceSummary | undefined {
  const [, area, id] = pathname.split("/")
  const inView = area === "workspaces" ? me.workspaces.find((one) => one.id === id) : undefined
  return inView ?? findLastWorkspace(me.workspaces)
}

/** Open a service on the page of its workspace, and take keyboard and reader to it. */
export function goToService(router: Router, workspaceId: string, serviceId: string): void {
  void goAndFocus(router, `[aria-controls="service-${CSS.escape(serviceId)}"]`, () =>
    router.navigate({
      to: "/workspaces/$workspaceId",
      params: { workspaceId },
      // Without a filter: it might hide the very row that is asked for.
      search: (before) => ({
        range: "range" in before ? before.range : undefined,
        open: serviceId,
      }),
    }),
  )
}

/** Go to the form that invites. */
export function goToInvite(router: Router, workspaceId: string): void {
  void goAndFocus(router, 'form[aria-label="Invite"] input', () =>
    router.navigate({ to: "/workspaces/$workspaceId/members", params: { workspaceId } }),
  )
}

const FILTER = 'input[type="search"]'

/** Go to the filter of a list, here or on the page of the services. */
export function goToFilter(router: Router, workspaceId: string | undefined): void {
  const filter = document.querySelector<HTMLElement>(FILTER)
  if (filter) filter.focus()
  else if (workspaceId) {
    void goAndFocus(router, FILTER, () =>
      router.navigate({ to: "/workspaces/$workspaceId", params: { workspaceId } }),
    )
  }
}

// A page takes the focus when it is rendered; only then something in it can.
async function goAndFocus(router: Router, selector: string, go: () => Promise<void>) {
  const focus = () => document.querySelector<HTMLElement>(selector)?.focus()
  const stop = router.subscribe("onRendered", () => {
    stop()
    focus()
  })
  await go()
  // Nothing is rendered anew by who is there already.
  focus()
}
