import { expect, test } from "vitest"
import { countErrors } from "./field-errors"
import { createResolver, findEmailMistake, findMistakes } from "./form-mistakes"
import { type CheckValues, type FormValues, newValues } from "./form-values"

type Expectations = CheckValues["expectations"]

function fill(
  over: Partial<FormValues> = {},
  check: Partial<CheckValues> = {},
  expectations: Partial<Expectations> = {},
): FormValues {
  const empty = newValues([])
  const [first] = empty.checks as [CheckValues]
  const filled = {
    ...first,
    url: "https://api.nordlys.example/health",
    ...check,
    expectations: { ...first.expectations, ...expectations },
  }
  return { ...empty, name: "Orders API", checks: [filled], ...over }
}

const mistakes = (values: FormValues) => findMistakes(values, 60)

test("a name and an address are enough", () => {
  expect(mistakes(fill())).toEqual({})
})

test.each([
  ["", "Give it a name that you know at 03:00."],
  ["   ", "Give it a name that you know at 03:00."],
  ["x".repeat(81), "Use at most 80 characters."],
])("the name %j is refused", (name, message) => {
  expect(mistakes(fill({ name }))).toEqual({ name: message })
})

test.each([
  ["", "Enter the address to ask, as in https://example.org/health."],
  ["api.nordlys.example", "Start with https:// or http://."],
  ["ftp://nordlys.example", "Start with https:// or http://."],
  ["https://", "This is not a complete address. Write https://, the host and the path."],
  ["https://sofia:pw@nordlys.example", "Leave name and password out. Send them as a header."],
])("the address %j is refused", (url, message) => {
  expect(mistakes(fill({}, { url }))).toEqual({ "checks.0.url": message })
})

test.each(["200", "200, 204", "2xx", " 2XX , 301 "])("the status %j is understood", (status) => {
  expect(mistakes(fill({}, {}, { status }))).toEqual({})
})

test.each(["", "abc", "20", "600", "6xx", "200;204", "200,"])(
  "the status %j is refused",
  (status) => {
    expect(mistakes(fill({}, {}, { status }))).toHaveProperty(["checks.0.expectations.status"])
  },
)

test.each([
  [{ path: "queue.depth" }, "path", "Paths start at the root. Try $.queue.depth"],
  [{ path: ".queue" }, "path", "Paths start at the root. Try $.queue"],
  [{ path: "" }, "path", "Enter a path, as in $.status."],
  [{ value: "" }, "value", "Enter the value to compare with."],
  [{ operator: "below" as const, value: "many" }, "value", "Compare with a number."],
])("the JSON rule %j is refused", (over, field, message) => {
  const rule = { path: "$.db.state", operator: "equals" as const, value: "ready", ...over }

  expect(mistakes(fill({}, {}, { json_values: [rule] }))).toEqual({
    [`checks.0.expectations.json_values.0.${field}`]: message,
  })
})

test("a rule that only asks for a value needs none itself", () => {
  const json_values = [{ path: "$.version", operator: "exists" as const, value: "" }]

  expect(mistakes(fill({}, {}, { json_values }))).toEqual({})
})

test.each([
  ["", {}],
  ["800", {}],
  ["0", { "checks.0.expectations.answers_within_ms": expect.any(String) }],
  ["1.5", { "checks.0.expectations.answers_within_ms": expect.any(String) }],
])("a limit of %j ms", (answers_within_ms, expected) => {
  expect(mistakes(fill({}, {}, { answers_within_ms }))).toEqual(expected)
})

test("the days of a certificate count only while it is asked for", () => {
  const days = { certificate_days: "soon" }

  expect(mistakes(fill({}, {}, { ...days, has_certificate: false }))).toEqual({})
  expect(mistakes(fill({}, {}, { ...days, has_certificate: true }))).toEqual({
    "checks.0.expectations.certificate_days": "Enter a whole number from 1 to 825.",
  })
})

test.each([
  [{ every: "59", unit: "seconds" as const }, "The shortest period here is every minute."],
  [{ every: "53", unit: "weeks" as const }, "The longest period is every 52 weeks."],
  [{ every: "0", unit: "minutes" as const }, "Enter a whole number from 1 to 1,000,000,000."],
  [{ every: "often", unit: "minutes" as const }, "Enter a whole number from 1 to 1,000,000,000."],
])("the period %j is refused", (period, message) => {
  expect(mistakes(fill({ period }))).toEqual({ "period.every": message })
})

test("all mistakes are told at once", () => {
  const found = mistakes(fill({ name: "" }, { url: "" }, { status: "" }))

  expect(Object.keys(found)).toEqual(["name", "checks.0.url", "checks.0.expectations.status"])
})

test.each([
  ["oncall@nordlys.example", null],
  ["oncall", "An email has an @, as in you@example.org."],
  ["on call@nordlys.example", "An email has an @, as in you@example.org."],
])("the address %j of a recipient", (email, mistake) => {
  expect(findEmailMistake(email)).toBe(mistake)
})

test("the form library is given each mistake at its field", async () => {
  const json_values = [
    { path: "$.a", operator: "equals" as const, value: "1" },
    { path: "b", operator: "equals" as const, value: "1" },
  ]
  const values = fill({ name: "" }, {}, { json_values })

  const { errors } = await createResolver(60)(values, undefined, {} as never)

  expect(errors).toMatchObject({
    name: { type: "custom", message: "Give it a name that you know at 03:00." },
    checks: [{ expectations: { json_values: [undefined, { path: { type: "custom" } }] } }],
  })
  expect(countErrors(errors)).toBe(2)
})

test("a form without mistakes is handed on as it is", async () => {
  const values = fill()

  expect(await createResolver(60)(values, undefined, {} as never)).toEqual({ values, errors: {} })
})

test("errors are counted wherever they are nested", () => {
  const one = { type: "custom", message: "No." }

  expect(countErrors({})).toBe(0)
  expect(
    countErrors({ name: one, checks: [{ url: one, headers: [undefined, { name: one }] }] }),
  ).toBe(3)
})
