import type {
  Account,
  Delivery,
  Incident,
  IncidentInFull,
  Invitation,
  Me,
  Member,
  Service,
  ServiceRow,
  StatusPage,
  Strip,
  Told,
  Workspace,
} from "@/api"

/** Test data with defaults, so that a test shows only what matters to it. */

export const PERMISSIONS = [
  "workspace.read",
  "workspace.write",
  "service.read",
  "service.write",
  "service.check_now",
  "service.preview",
  "incident.read",
  "recipient.read",
  "recipient.write",
  "result.read",
  "delivery.read",
]

export const NOW = "2026-04-14T23:30:00Z"

export function makeMe(over: Partial<Me> = {}): Me {
  return {
    id: "01970000-0000-7000-8000-000000000001",
    name: "Sofia Lindqvist",
    email: "sofia@nordlys.example",
    email_verified: true,
    instance_admin: true,
    theme: "system",
    two_factor: false,
    photo: null,
    workspaces: [
      {
        id: "w1",
        name: "Nordlys Commerce",
        role: "owner",
        time_zone: "UTC",
        health: "up",
        may: PERMISSIONS,
      },
    ],
    ...over,
  }
}

export function makeStrip(over: Partial<Strip> = {}): Strip {
  return { from: "2026-01-15", zone: "UTC", grades: "u".repeat(90), details: [], ...over }
}

export function makeWorkspace(over: Partial<Workspace> = {}): Workspace {
  return {
    id: "w1",
    name: "Nordlys Commerce",
    time_zone: "UTC",
    role: "owner",
    may: PERMISSIONS,
    slug: null,
    admins_may_invite: false,
    offer: null,
    uptime_pct: 99.54,
    strip: makeStrip(),
    counts: { up: 1, degraded: 0, down: 0, unknown: 0, paused: 0, maintenance: 0 },
    down_since: null,
    median_ms: 157,
    checks_total: 1,
    prober: { state: "online", since: null, last_absence: null },
    as_of: NOW,
    ...over,
  }
}

export function makeServiceRow(over: Partial<ServiceRow> = {}): ServiceRow {
  return {
    id: "s1",
    name: "Checkout API",
    version: 1,
    mode: "active",
    health: "up",
    shown: "up",
    reason: null,
    since: "2026-04-01T08:00:00Z",
    address: "api.nordlys.example/checkout/health",
    period_s: 900,
    uptime_pct: 99.98,
    median_ms: 184,
    last_result_at: "2026-04-14T23:29:12Z",
    next_slot_at: "2026-04-14T23:45:00Z",
    strip: makeStrip(),
    paused_by: null,
    paused_at: null,
    maintenance_until: null,
    ...over,
  }
}

export function makeService(over: Partial<Service> = {}): Service {
  return {
    ...makeServiceRow(),
    checks: [
      {
        id: "c1",
        kind: "http",
        method: "GET",
        url: "https://api.nordlys.example/checkout/health",
        headers: [],
        body: null,
        expectations: {
          status: "200",
          body_contains: null,
          body_lacks: null,
          body_matches: null,
          headers: [],
          size: null,
          json_values: [],
          records: null,
          expect: null,
          answers_within_ms: 800,
          certificate_days: 14,
        },
        timeout_ms: 10_000,
        confirm_down: 3,
        confirm_up: 1,
        upside_down: false,
        follow_redirects: true,
        verify_tls: true,
      },
    ],
    period: { every: 15, unit: "minutes" },
    depends_on: [],
    remind_every: null,
    recipients: [
      {
        id: "r1",
        account_id: "01970000-0000-7000-8000-000000000001",
        name: "Sofia Lindqvist",
        email: "sofia@nordlys.example",
        state: "confirmed",
        you: true,
      },
    ],
    may: PERMISSIONS,
    created_at: "2026-01-15T09:00:00Z",
    last_result: null,
    uptime: { h24: 100, d7: 99.99, d30: 99.98, d90: 99.98 },
    incident: null,
    ...over,
  }
}

export function makeMessage(over: Partial<Delivery> = {}): Delivery {
  return {
    id: "m1",
    kind: "down",
    service_id: "s1",
    service_name: "Checkout API",
    incident_id: null,
    to: "sofia@nordlys.example",
    to_name: "Sofia Lindqvist",
    state: "sent",
    form: "alone",
    attempts: 1,
    created_at: "2026-04-14T23:18:00Z",
    sent_at: "2026-04-14T23:18:02Z",
    last_error: null,
    subject: "Checkout API is down",
    body_text: "Checkout API is down.\nDown since 23:18.\n",
    ...over,
  }
}

export function makeAccount(over: Partial<Account> = {}): Account {
  return {
    id: "01970000-0000-7000-8000-000000000001",
    name: "Sofia",
    email: "sofia@nordlys.example",
    email_verified: true,
    pending_email: null,
    has_password: true,
    two_factor_since: null,
    recovery_codes_left: 0,
    theme: "system",
    identities: [],
    instance_admin: true,
    created_at: "2026-01-15T09:00:00Z",
    ...over,
  }
}

export function makeMember(over: Partial<Member> = {}): Member {
  return {
    account_id: "01970000-0000-7000-8000-000000000001",
    name: "Sofia Lindqvist",
    email: "sofia@nordlys.example",
    role: "owner",
    since: "2025-03-02T08:00:00Z",
    you: true,
    pronouns: "she/her",
    photo: null,
    ...over,
  }
}

export function makeInvitation(over: Partial<Invitation> = {}): Invitation {
  return {
    id: "i1",
    email: "lena@fjord.example",
    role: "observer",
    invited_by: "Sofia Lindqvist",
    sent_at: "2026-04-13T08:00:00Z",
    expires_at: "2026-04-20T08:00:00Z",
    is_expired: false,
    ...over,
  }
}

export function makeStatusPage(over: Partial<StatusPage> = {}): StatusPage {
  return {
    slug: "nordlys",
    suggested_slug: null,
    address: "http://allgreen.test/status/nordlys",
    is_published: false,
    title: "Nordlys Commerce",
    about: "",
    website: "",
    shows_latency: true,
    service_ids: null,
    version: 1,
    published_at: null,
    ...over,
  }
}

export function makeIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: "n1",
    service_id: "s1",
    service_name: "Checkout API",
    state: "open",
    reason: "Answered 503 instead of 200",
    began_at: "2026-04-14T23:00:00Z",
    confirmed_at: "2026-04-14T23:02:00Z",
    ended_at: null,
    duration_s: null,
    blocked_by: null,
    quiet: null,
    reopened: 0,
    reopened_at: null,
    resolution: null,
    told: 1,
    ...over,
  }
}

export function makeIncidentInFull(over: Partial<IncidentInFull> = {}): IncidentInFull {
  return {
    ...makeIncident({
      state: "resolved",
      reason: "503 instead of 200",
      ended_at: "2026-04-14T23:42:00Z",
      duration_s: 2520,
      resolution: "holds again",
    }),
    workspace_id: "w1",
    service_is_deleted: false,
    cause: {
      at: "2026-04-14T23:00:20Z",
      message: "It answered 503.",
      http_status: 503,
      latency_ms: 12,
      explanations: [
        { operand: "Status", actual: "503", expected: "200", holds: false },
        { operand: "Size", actual: "2 KB", expected: "at least 1 KB", holds: true },
      ],
    },
    moments: [
      { at: "2026-04-14T23:00:01Z", what: "failed", text: "It answered 503.", attempt: 1 },
      { at: "2026-04-14T23:00:06Z", what: "failed", text: "It answered 503.", attempt: 2 },
      { at: "2026-04-14T23:00:21Z", what: "confirmed", text: "503 instead of 200" },
      { at: "2026-04-14T23:00:22Z", what: "told", told: makeTold() },
      { at: "2026-04-14T23:42:00Z", what: "ended", text: "holds again", health: "up" },
    ],
    strip: makeStrip(),
    ...over,
  }
}

export function makeTold(over: Partial<Told> = {}): Told {
  return {
    kind: "down",
    owed_at: "2026-04-14T23:00:21Z",
    sent: 2,
    kept: 0,
    waiting: 0,
    given_up: 0,
    cancelled: 0,
    you: true,
    ...over,
  }
}
