import * as z from "zod/mini"
import { formatPeriod, periodSeconds, toPeriod } from "@/lib/format"

// The content policy forbids making code from text, which the compiled parsers would do.
z.config({ jitless: true })

const MAX_PERIOD_S = 52 * 604_800
const STATUS = /^\s*([1-5]xx|[1-5]\d\d)(\s*,\s*([1-5]xx|[1-5]\d\d))*\s*$/i

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/

const method = z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
const operator = z.enum(["equals", "not_equals", "contains", "above", "below", "exists"])

const jsonValue = z
  .object({
    path: text(findPathMistake),
    operator,
    value: z.string(),
  })
  .check(
    z.superRefine((rule, context) => {
      const message = findValueMistake(rule.operator, rule.value.trim())
      if (message) context.addIssue({ code: "custom", message, path: ["value"] })
    }),
  )

const header = z.object({
  name: text(findHeaderMistake),
  value: z.string(),
  is_stored: z.boolean(),
})

/** What a check must be before it is worth trying. */
export const checkSchema = z.object({
  id: z.nullable(z.string()),
  method,
  url: text(findUrlMistake),
  headers: z.array(header),
  body: z.string(),
  expectations: z
    .object({
      status: text(findStatusMistake),
      body_contains: z.string(),
      json_values: z.array(jsonValue),
      answers_within_ms: wholeNumber(1, 60_000, { optional: true }),
      has_certificate: z.boolean(),
      certificate_days: z.string(),
    })
    .check(
      z.superRefine(({ has_certificate, certificate_days }, context) => {
        const message = has_certificate ? findNumberMistake(certificate_days, 1, 825) : null
        if (message) context.addIssue({ code: "custom", message, path: ["certificate_days"] })
      }),
    ),
  confirm_down: wholeNumber(1, 10),
  timeout_ms: z.number(),
  follow_redirects: z.boolean(),
  verify_tls: z.boolean(),
  kept: z.any(),
})

/**
 * Make the rules of the form: the mistakes that are certain before the server is asked.
 *
 * @param minIntervalS The shortest period that this installation allows.
 */
export function createFormSchema(minIntervalS: number) {
  return z.object({
    name: text(findNameMistake),
    checks: z.array(checkSchema),
    others: z.array(z.any()),
    period: z
      .object({
        every: wholeNumber(1, 1_000_000_000),
        unit: z.enum(["seconds", "minutes", "hours", "days", "weeks"]),
      })
      .check(
        z.superRefine(({ every, unit }, context) => {
          const seconds = periodSeconds({ every: Number(every), unit })
          const message = findPeriodMistake(seconds, minIntervalS)
          if (message) context.addIssue({ code: "custom", message, path: ["every"] })
        }),
      ),
    recipients: z.array(
      z.object({
        account_id: z.nullable(z.string()),
        email: z.nullable(z.string()),
        name: z.string(),
        note: z.string(),
        is_told: z.boolean(),
      }),
    ),
  })
}

/** Whether a JSON rule could be checked as it stands. */
export function isSoundRule(rule: unknown): boolean {
  return jsonValue.safeParse(rule).success
}

function text(findMistake: (text: string) => string | null) {
  return z.string().check(
    z.superRefine((value, context) => {
      const message = findMistake(value.trim())
      if (message) context.addIssue({ code: "custom", message })
    }),
  )
}

function wholeNumber(min: number, max: number, { optional = false } = {}) {
  return text((value) => (optional && value === "" ? null : findNumberMistake(value, min, max)))
}

function findNumberMistake(digits: string, min: number, max: number): string | null {
  const value = /^\s*\d+\s*$/.test(digits) ? Number(digits) : Number.NaN
  if (value >= min && value <= max) return null
  return `Enter a whole number from ${min} to ${max.toLocaleString("en-GB")}.`
}

/** Say what is wrong with an email; whether it exists, its mailbox tells. */
export function findEmailMistake(email: string): string | null {
  return /^[^\s@]+@[^\s@]+$/.test(email) ? null : "An email has an @, as in you@example.org."
}

function findNameMistake(name: string): string | null {
  if (name === "") return "Give it a name that you know at 03:00."
  return Array.from(name).length > 80 ? "Use at most 80 characters." : null
}

function findStatusMistake(status: string): string | null {
  if (STATUS.test(status)) return null
  return "Write one code, a list, or a class: 200, or 200, 204, or 2xx."
}

function findHeaderMistake(name: string): string | null {
  if (name === "") return "Name the header, or remove it."
  return HEADER_NAME.test(name) ? null : "A header name has letters, digits and dashes only."
}

function findUrlMistake(address: string): string | null {
  if (address === "") return "Enter the address to ask, as in https://example.org/health."
  if (!/^https?:\/\//i.test(address)) return "Start with https:// or http://."
  const url = URL.canParse(address) ? new URL(address) : null
  if (!url?.hostname)
    return "This is not a complete address. Write https://, the host and the path."
  if (url.username || url.password) return "Leave name and password out. Send them as a header."
  return null
}

function findPathMistake(path: string): string | null {
  if (path === "") return "Enter a path, as in $.status."
  return path.startsWith("$") ? null : `Paths start at the root. Try $.${path.replace(/^\.+/, "")}`
}

function findValueMistake(operatorName: string, value: string): string | null {
  if (operatorName === "exists") return null
  if (value.length > 1000) return "Compare with at most 1,000 characters."
  const isNumeric = operatorName === "above" || operatorName === "below"
  if (isNumeric && (value === "" || Number.isNaN(Number(value)))) return "Compare with a number."
  return value === "" ? "Enter the value to compare with." : null
}

function findPeriodMistake(seconds: number, minS: number): string | null {
  if (!(seconds > 0)) return null
  const shortest = formatPeriod(toPeriod(minS))
  if (seconds < minS) return `The shortest period here is ${shortest}.`
  return seconds > MAX_PERIOD_S ? "The longest period is every 52 weeks." : null
}
