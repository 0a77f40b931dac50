import type { CheckView, JsonValueRule, Result } from "@/api"
import { formatMs, NBSP } from "@/lib/format"

/** One line of "Correct means". */
export interface DefinitionLine {
  term: string
  value: string
  /** Machine text: addresses, codes, paths. */
  isCode: boolean
}

const SIGNS: Readonly<Record<JsonValueRule["operator"], string>> = {
  equals: "=",
  not_equals: "≠",
  contains: "contains",
  above: ">",
  below: "<",
  exists: "exists",
}

/** What a check asks and what counts as a correct answer, line by line. */
export function defineCheck(check: CheckView, lastResult: Result | null): DefinitionLine[] {
  const { expectations } = check
  const lines: DefinitionLine[] = [
    { term: "Request", value: `${check.method} ${writeAddress(check.url)}`, isCode: true },
    { term: "Status", value: expectations.status, isCode: true },
    ...expectations.json_values.map((rule) => ({
      term: "JSON",
      value: writeRule(rule),
      isCode: true,
    })),
  ]
  if (expectations.body_contains !== null) {
    lines.push({ term: "Contains", value: expectations.body_contains, isCode: true })
  }
  if (expectations.answers_within_ms !== null) {
    lines.push({ term: "Within", value: formatMs(expectations.answers_within_ms), isCode: false })
  }
  const certificate = describeCertificate(check, lastResult)
  return certificate ? [...lines, { term: "TLS", value: certificate, isCode: false }] : lines
}

function describeCertificate(check: CheckView, lastResult: Result | null): string | null {
  if (!check.url.startsWith("https:")) return null
  if (!check.verify_tls) return "Not verified"
  const wanted = check.expectations.certificate_days
  const validity = describeValidity(lastResult)
  return wanted === null ? validity : `${validity}, at least ${wanted}${NBSP}days wanted`
}

/** Only an answer has proven the certificate; a check that failed before it has merely read it. */
function describeValidity(lastResult: Result | null): string {
  const left = lastResult?.certificate_days ?? null
  if (left === null) return "Verified"
  if (left < 0) return "Expired"
  const isProven = lastResult?.http_status != null
  return `${isProven ? "Valid, " : ""}${left}${NBSP}days left`
}

function writeRule({ path, operator, value }: JsonValueRule): string {
  return operator === "exists" ? `${path} exists` : `${path} ${SIGNS[operator]} ${value}`
}

/** The scheme says nothing to a reader who sees the TLS line. */
function writeAddress(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "")
}
