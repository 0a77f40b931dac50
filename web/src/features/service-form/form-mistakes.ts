import { type FieldErrors, type Resolver, set } from "react-hook-form"
import { formatPeriod, periodSeconds, toPeriod } from "@/lib/format"
import type { CheckValues, FormValues } from "./form-values"

const MAX_PERIOD_S = 52 * 604_800
const STATUS = /^\s*([1-5]xx|[1-5]\d\d)(\s*,\s*([1-5]xx|[1-5]\d\d))*\s*$/i

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~\w]+$/

/** What is wrong, by the path of its field. */
export type Mistakes = Record<string, string>

type JsonRule = CheckValues["expectations"]["json_values"][number]

/**
 * Find the mistakes that are certain before the server is asked.
 *
 * @param minIntervalS The shortest period that this installation allows.
 */
export function findMistakes({ name, checks, period }: FormValues, minIntervalS: number): Mistakes {
  return gather([
    ["name", findNameMistake(name.trim())],
    ...checks.flatMap((check, at) => within(`checks.${at}`, findCheckMistakes(check))),
    [
      "period.every",
      findNumberMistake(period.every, 1, 1_000_000_000) ??
        findPeriodMistake(
          periodSeconds({ every: Number(period.every), unit: period.unit }),
          minIntervalS,
        ),
    ],
  ])
}

/** What keeps a check from being worth a try. */
export function findCheckMistakes({
  url,
  headers,
  expectations,
  confirm_down,
}: CheckValues): Mistakes {
  const { status, json_values, answers_within_ms, has_certificate, certificate_days } = expectations
  const limit = answers_within_ms.trim()
  return gather([
    ["url", findUrlMistake(url.trim())],
    ...headers.map(
      (header, at) => [`headers.${at}.name`, findHeaderMistake(header.name.trim())] as const,
    ),
    ["expectations.status", findStatusMistake(status)],
    ...json_values.flatMap((rule, at) =>
      within(`expectations.json_values.${at}`, findRuleMistakes(rule)),
    ),
    ["expectations.answers_within_ms", limit === "" ? null : findNumberMistake(limit, 1, 60_000)],
    [
      "expectations.certificate_days",
      has_certificate ? findNumberMistake(certificate_days, 1, 825) : null,
    ],
    ["confirm_down", findNumberMistake(confirm_down, 1, 10)],
  ])
}

/** Whether a JSON rule could be checked as it stands. */
export function isSoundRule(rule: JsonRule): boolean {
  return Object.keys(findRuleMistakes(rule)).length === 0
}

/** Let the form library ask for the mistakes, and place them where the fields are. */
export function createResolver(minIntervalS: number): Resolver<FormValues> {
  return (values) => {
    const mistakes = Object.entries(findMistakes(values, minIntervalS))
    if (mistakes.length === 0) return { values, errors: {} }
    const errors: FieldErrors<FormValues> = {}
    for (const [path, message] of mistakes) set(errors, path, { type: "custom", message })
    return { values: {}, errors }
  }
}

function findRuleMistakes({ path, operator, value }: JsonRule): Mistakes {
  return gather([
    ["path", findPathMistake(path.trim())],
    ["value", findValueMistake(operator, value.trim())],
  ])
}

type Found = readonly [path: string, message: string | null]

function gather(found: readonly Found[]): Mistakes {
  return Object.fromEntries(found.filter((one): one is [string, string] => one[1] !== null))
}

function within(path: string, mistakes: Mistakes): Found[] {
  return Object.entries(mistakes).map(([field, message]) => [`${path}.${field}`, message])
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
