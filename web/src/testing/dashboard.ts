import type { Dashboard, LatestEvent, WorkspaceCard } from "@/api"
import { makeWorkspace } from "./factories"

/** The dashboard as test data, with defaults. */
export function makeDashboard(over: Partial<Dashboard> = {}): Dashboard {
  const { prober } = makeWorkspace()
  return { workspaces: [makeCard()], events: [], invitations: [], deleted: [], prober, ...over }
}

export function makeCard(over: Partial<WorkspaceCard> = {}): WorkspaceCard {
  const { id, name, time_zone, role, may, counts, uptime_pct, strip, offer } = makeWorkspace()
  return {
    ...{ id, name, time_zone, role, may, counts, uptime_pct, strip, offer },
    worst: null,
    members: 1,
    faces: [{ account_id: "a1", name: "Sofia Lindqvist", you: true, photo: null }],
    is_published: false,
    ...over,
  }
}

export function makeEvent(over: Partial<LatestEvent> = {}): LatestEvent {
  return {
    incident_id: "n1",
    kind: "down",
    at: "2026-04-14T23:00:00Z",
    workspace_id: "w1",
    service_id: "s1",
    service_name: "Checkout API",
    reason: "Answered 503 instead of 200",
    lasted_s: null,
    ...over,
  }
}
