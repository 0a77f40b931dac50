import type { Errors, Values } from "./use-auth-form"

type Rule = (value: string) => string | null

/** Look at each named value with its rule and collect the sentences of those that fail. */
export function checkValues(values: Values, rules: Record<string, Rule>): Errors {
  const found = Object.entries(rules).map(([name, rule]) => [name, rule(values[name] ?? "")])
  return Object.fromEntries(found.filter(([, message]) => message !== null))
}

export function mustBeFilled(message: string): Rule {
  return (value) => (value.trim() === "" ? message : null)
}

/** Only the mistakes that are certain; whether an address exists, its mailbox tells. */
export function mustBeEmail(value: string): string | null {
  if (value.trim() === "") return "Enter your email."
  return /^[^\s@]+@[^\s@]+$/.test(value.trim()) ? null : "An email has an @, as in you@example.org."
}
