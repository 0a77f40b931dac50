/**
 * The first words of every query key, so that the event stream can name what changed.
 *
 * What a result changes starts with the key of its workspace or of its service.
 */
export const queryKeys = {
  me: ["me"],
  // Whatever changes what one is in, or how a service is, changes this too.
  dashboard: ["me", "dashboard"],
  instance: ["instance"],
  account: ["account"],
  profile: ["account", "profile"],
  sessions: ["account", "sessions"],
  accountEvents: ["account", "events"],
  workspace: (workspaceId: string) => ["workspace", workspaceId],
  services: (workspaceId: string) => ["workspace", workspaceId, "services"],
  // Not under the workspace: its every result would ask for all messages again.
  deliveries: (workspaceId: string) => ["deliveries", workspaceId],
  // For the same reason what is changed by people only stands for itself.
  members: (workspaceId: string) => ["members", workspaceId],
  invitations: (workspaceId: string) => ["members", workspaceId, "invitations"],
  keys: (workspaceId: string) => ["keys", workspaceId],
  statusPage: (workspaceId: string) => ["status-page", workspaceId],
  audit: (workspaceId: string) => ["audit", workspaceId],
  people: (workspaceId: string) => ["workspace", workspaceId, "people"],
  service: (serviceId: string) => ["service", serviceId],
  figures: (serviceId: string, range: string) => ["service", serviceId, "figures", range],
  serviceIncidents: (serviceId: string) => ["service", serviceId, "incidents"],
} as const
