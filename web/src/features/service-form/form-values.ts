import type {
  HttpCheckInput,
  HttpCheckView,
  HttpMethod,
  JsonOperator,
  PeriodUnit,
  Person,
  Recipient,
  RecipientInput,
  Service,
  ServiceInput,
} from "@/api/types.gen"

/**
 * What the form holds while somebody types.
 *
 * Names and nesting are those of the request, so that a refused field of the server is the field
 * on screen; numbers are text until they are sent.
 */
export type FormValues = {
  name: string
  /** The check that can be edited here; none when it is of a kind that has no form. */
  checks: CheckValues[]
  /** The other checks of the service, which stay as they are. */
  others: CheckView[]
  period: { every: string; unit: PeriodUnit }
  recipients: RecipientValues[]
}

export type CheckView = Service["checks"][number]

export type CheckValues = {
  id: string | null
  method: HttpMethod
  url: string
  headers: HeaderValues[]
  body: string
  expectations: {
    status: string
    body_contains: string
    json_values: { path: string; operator: JsonOperator; value: string }[]
    answers_within_ms: string
    has_certificate: boolean
    certificate_days: string
  }
  confirm_down: string
  timeout_ms: number
  follow_redirects: boolean
  verify_tls: boolean
  /** What is said of the check elsewhere; it is sent back as it came. */
  kept: KeptParts
}

type KeptParts = Pick<HttpCheckView, "confirm_up" | "upside_down"> & {
  expectations: Pick<
    HttpCheckView["expectations"],
    "body_lacks" | "body_matches" | "headers" | "size" | "records" | "expect"
  >
}

/** A stored value is never shown; an empty text then means: keep it. */
export type HeaderValues = { name: string; value: string; is_stored: boolean }

export type RecipientValues = {
  account_id: string | null
  email: string | null
  name: string
  /** What stands after the name, such as "you". */
  note: string
  is_told: boolean
}

/** The form for a new service: sensible answers where there are any, and its maker is told. */
export function newValues(people: readonly Person[]): FormValues {
  return {
    name: "",
    checks: [
      {
        id: null,
        method: "GET",
        url: "",
        headers: [],
        body: "",
        expectations: {
          status: "200",
          body_contains: "",
          json_values: [],
          answers_within_ms: "",
          has_certificate: true,
          certificate_days: "14",
        },
        confirm_down: "3",
        timeout_ms: 10_000,
        follow_redirects: true,
        verify_tls: true,
        kept: {
          confirm_up: 1,
          upside_down: false,
          expectations: {
            body_lacks: null,
            body_matches: null,
            headers: [],
            size: null,
            records: null,
            expect: null,
          },
        },
      },
    ],
    others: [],
    period: { every: "15", unit: "minutes" },
    recipients: people.map((person) => fromPerson(person, person.you)),
  }
}

/** The form for a service that is there. */
export function valuesOf(service: Service, people: readonly Person[]): FormValues {
  const [first, ...others] = service.checks
  const isEditable = first !== undefined && hasForm(first)
  return {
    name: service.name,
    checks: isEditable ? [checkValues(first)] : [],
    others: isEditable ? others : service.checks,
    period: { every: String(service.period.every), unit: service.period.unit },
    recipients: listRecipients(service.recipients, people),
  }
}

/** What is sent for a service. */
export function toServiceInput(values: FormValues): ServiceInput {
  return {
    name: values.name.trim(),
    checks: [...values.checks.map(toCheckInput), ...values.others],
    period: { every: Number(values.period.every), unit: values.period.unit },
    recipients: listTold(values).map(toRecipientInput),
  }
}

/** What is sent for a check, to try or to save. */
export function toCheckInput(check: CheckValues): HttpCheckInput {
  const { expectations, kept } = check
  return {
    id: check.id ?? undefined,
    kind: "http",
    method: check.method,
    url: check.url.trim(),
    headers: check.headers.map(toHeader),
    body: check.body === "" ? null : check.body,
    expectations: {
      ...kept.expectations,
      status: expectations.status.trim(),
      body_contains: expectations.body_contains === "" ? null : expectations.body_contains,
      json_values: expectations.json_values.map(toRule),
      answers_within_ms: toNumber(expectations.answers_within_ms),
      certificate_days: wantsCertificate(check) ? toNumber(expectations.certificate_days) : null,
    },
    timeout_ms: check.timeout_ms,
    confirm_down: Number(check.confirm_down),
    confirm_up: kept.confirm_up,
    upside_down: kept.upside_down,
    follow_redirects: check.follow_redirects,
    verify_tls: check.verify_tls,
  }
}

/** Whether a check is one that the form can show: an HTTP check without a tree of its own. */
export function hasForm(check: CheckView): check is HttpCheckView {
  return check.kind === "http" && check.expectations.expect === null
}

/** The people and addresses that are ticked, in the order in which they are sent. */
export function listTold(values: FormValues): RecipientValues[] {
  return values.recipients.filter((recipient) => recipient.is_told)
}

/** Whether a URL is one whose certificate can be looked at. */
export function hasTls(url: string): boolean {
  return !/^\s*http:/i.test(url)
}

function wantsCertificate(check: CheckValues): boolean {
  return check.expectations.has_certificate && hasTls(check.url)
}

function toNumber(text: string): number | null {
  return text.trim() === "" ? null : Number(text)
}

function toHeader({ name, value, is_stored }: HeaderValues) {
  return { name: name.trim(), value: is_stored && value === "" ? null : value }
}

function toRule({ path, operator, value }: CheckValues["expectations"]["json_values"][number]) {
  return { path: path.trim(), operator, value: operator === "exists" ? "" : value.trim() }
}

function toRecipientInput({ account_id, email }: RecipientValues): RecipientInput {
  return account_id ? { account_id } : { email }
}

function checkValues(check: HttpCheckView): CheckValues {
  const { expectations } = check
  const { body_lacks, body_matches, headers, size, records, expect } = expectations
  return {
    id: check.id,
    method: check.method,
    url: check.url,
    headers: check.headers.map(({ name }) => ({ name, value: "", is_stored: true })),
    body: check.body ?? "",
    expectations: {
      status: expectations.status,
      body_contains: expectations.body_contains ?? "",
      json_values: expectations.json_values.map((rule) => ({ ...rule })),
      answers_within_ms: numberText(expectations.answers_within_ms),
      has_certificate: expectations.certificate_days !== null,
      certificate_days: numberText(expectations.certificate_days ?? 14),
    },
    confirm_down: String(check.confirm_down),
    timeout_ms: check.timeout_ms,
    follow_redirects: check.follow_redirects,
    verify_tls: check.verify_tls,
    kept: {
      confirm_up: check.confirm_up,
      upside_down: check.upside_down,
      expectations: { body_lacks, body_matches, headers, size, records, expect },
    },
  }
}

function numberText(value: number | null): string {
  return value === null ? "" : String(value)
}

// Members first, as in the list of people; then those whom nobody but this service knows.
function listRecipients(told: readonly Recipient[], people: readonly Person[]): RecipientValues[] {
  const accounts = new Set(told.map((recipient) => recipient.account_id))
  const members = people.map((person) => fromPerson(person, accounts.has(person.account_id)))
  const known = new Set<string | null>(people.map((person) => person.account_id))
  const others = told.filter(({ account_id }) => account_id === null || !known.has(account_id))
  return [...members, ...others.map(fromRecipient)]
}

function fromPerson(person: Person, is_told: boolean): RecipientValues {
  const note = person.you ? "you" : ""
  return { account_id: person.account_id, email: null, name: person.name, note, is_told }
}

function fromRecipient({ account_id, email, name, state }: Recipient): RecipientValues {
  const note = state === "pending" ? "not confirmed yet" : "not a member"
  return { account_id, email, name: name ?? email ?? "An address", note, is_told: true }
}
