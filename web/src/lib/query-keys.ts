/**
 * The first words of every query key, so that the event stream can name what changed.
 *
 * What belongs to a workspace starts with its key, what belongs to a service with the service's.
 */
export const queryKeys = {
  me: ["me"],
  instance: ["instance"],
  workspace: (workspaceId: string) => ["workspace", workspaceId],
  services: (workspaceId: string) => ["workspace", workspaceId, "services"],
  people: (workspaceId: string) => ["workspace", workspaceId, "people"],
  service: (serviceId: string) => ["service", serviceId],
  figures: (serviceId: string, range: string) => ["service", serviceId, "figures", range],
  serviceIncidents: (serviceId: string) => ["service", serviceId, "incidents"],
} as const
