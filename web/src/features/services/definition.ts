import type { HeaderRule, HttpCheckView, JsonValueRule, Result, Service, SizeRule } from "@/api"
import { formatMs, NBSP } from "@/lib/format"

/** One line of "Correct means". */
export interface DefinitionLine {
  term: string
  value: string
  /** Machine text: addresses, codes, paths. */
  isCode: boolean
}

type CheckView = Service["checks"][number]

const SIGNS: Readonly<Record<JsonValueRule["operator"] | HeaderRule["operator"], string>> = {
  equals: "=",
  not_equals: "≠",
  contains: "contains",
  matches: "matches",
  above: ">",
  below: "<",
  exists: "exists",
}

/** What a check asks and what counts as a correct answer, line by line. */
export function defineCheck(check: CheckView, lastResult: Result | null): DefinitionLine[] {
  const certificate = describeCertificate(check, lastResult)
  return [
    code("Request", writeRequest(check)),
    ...describeAnswer(check.expectations),
    ...describeLimits(check),
    ...(certificate ? [text("TLS", certificate)] : []),
  ]
}

function describeAnswer(expectations: CheckView["expectations"]): DefinitionLine[] {
  const { status, headers, json_values, body_contains, body_lacks, body_matches } = expectations
  const { size, records, expect } = expectations
  return [
    ...(status === "" ? [] : [code("Status", status)]),
    ...headers.map(({ name, ...rule }) => code("Header", writeRule({ path: name, ...rule }))),
    ...json_values.map((rule) => code("JSON", writeRule(rule))),
    ...(body_contains === null ? [] : [code("Contains", body_contains)]),
    ...(body_lacks === null ? [] : [code("Lacks", body_lacks)]),
    ...(body_matches === null ? [] : [code("Matches", body_matches)]),
    ...(size === null ? [] : [text("Size", writeSize(size))]),
    ...(records === null ? [] : [code("Records", records.values.join(", "))]),
    ...(expect === null ? [] : [text("Rules", "A tree of rules, set through the API")]),
  ]
}

function describeLimits({ expectations, upside_down }: CheckView): DefinitionLine[] {
  const within = expectations.answers_within_ms
  return [
    ...(within === null ? [] : [text("Within", formatMs(within))]),
    ...(upside_down ? [text("Upside down", "It is expected to fail")] : []),
  ]
}

function code(term: string, value: string): DefinitionLine {
  return { term, value, isCode: true }
}

function text(term: string, value: string): DefinitionLine {
  return { term, value, isCode: false }
}

function writeRequest(check: CheckView): string {
  switch (check.kind) {
    case "http":
      return `${check.method} ${writeAddress(check.url)}`
    case "dns":
      return `DNS ${check.record_type} ${check.name}`
    default:
      return `${check.kind.toUpperCase()} ${check.host}:${check.port}`
  }
}

function describeCertificate(check: CheckView, lastResult: Result | null): string | null {
  if (!hasCertificate(check)) return null
  if (!check.verify_tls) return "Not verified"
  const wanted = check.expectations.certificate_days
  const validity = describeValidity(lastResult)
  return wanted === null ? validity : `${validity}, at least ${wanted}${NBSP}days wanted`
}

function hasCertificate(
  check: CheckView,
): check is Extract<CheckView, { kind: "tls" }> | HttpCheckView {
  return check.kind === "tls" || (check.kind === "http" && check.url.startsWith("https:"))
}

/** Only an answer has proven the certificate; a check that failed before it has merely read it. */
function describeValidity(lastResult: Result | null): string {
  const left = lastResult?.certificate_days ?? null
  if (left === null) return "Verified"
  if (left < 0) return "Expired"
  const isProven = lastResult?.http_status != null
  return `${isProven ? "Valid, " : ""}${left}${NBSP}days left`
}

type Rule = { path: string; operator: keyof typeof SIGNS; value?: string }

function writeRule({ path, operator, value }: Rule): string {
  return operator === "exists" ? `${path} exists` : `${path} ${SIGNS[operator]} ${value}`
}

function writeSize({ at_least, at_most }: SizeRule): string {
  if (at_most == null) return `At least ${at_least} bytes`
  if (at_least == null) return `At most ${at_most} bytes`
  return `${at_least} to ${at_most} bytes`
}

/** The scheme says nothing to a reader who sees the TLS line. */
function writeAddress(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "")
}
