import { expect, test } from "vitest"
import { makeService } from "@/testing/factories"
import { placeErrors } from "./field-errors"
import { newValues, toServiceInput, valuesOf } from "./form-values"
import { isHarmless, readPreviewInput } from "./preview-input"

const SOFIA = { account_id: "a1", name: "Sofia Lindqvist", email: null, you: true }
const JONAS = { account_id: "a2", name: "Jonas Berg", email: null, you: false }

const told = (over = {}) => ({
  id: "r1",
  account_id: null,
  name: null,
  email: null,
  state: "confirmed" as const,
  you: false,
  ...over,
})

test("a service that is opened and saved untouched stays what it was", () => {
  const service = makeService({
    recipients: [told({ account_id: "a1", name: "Sofia", you: true })],
  })

  const sent = toServiceInput(valuesOf(service, [SOFIA]))

  expect(sent).toEqual({
    name: service.name,
    checks: service.checks,
    period: service.period,
    recipients: [{ account_id: "a1" }],
  })
})

test("who makes a service is told, the others are asked", () => {
  const { recipients } = newValues([SOFIA, JONAS])

  expect(recipients.map(({ name, is_told }) => [name, is_told])).toEqual([
    ["Sofia Lindqvist", true],
    ["Jonas Berg", false],
  ])
})

test("an address outside the workspace keeps its place and its state", () => {
  const service = makeService({
    recipients: [
      told({ email: "oncall@nordlys.example", state: "pending" }),
      told({ account_id: "a2", name: "Jonas Berg" }),
    ],
  })

  const values = valuesOf(service, [SOFIA, JONAS])

  expect(values.recipients.map(({ name, note, is_told }) => [name, note, is_told])).toEqual([
    ["Sofia Lindqvist", "you", false],
    ["Jonas Berg", "", true],
    ["oncall@nordlys.example", "not confirmed yet", true],
  ])
})

test("a stored header keeps its secret until somebody types another", () => {
  const [check] = makeService().checks
  if (check?.kind !== "http") throw new Error("a service has an HTTP check")
  const headers = [
    { name: "Authorization", value: null },
    { name: "X-Tenant", value: null },
  ]
  const values = valuesOf(makeService({ checks: [{ ...check, headers }] }), [])
  const typed = values.checks[0]?.headers[1]
  if (typed) typed.value = "nordlys"

  expect(toServiceInput(values).checks[0]).toHaveProperty("headers", [
    { name: "Authorization", value: null },
    { name: "X-Tenant", value: "nordlys" },
  ])
})

test("what the form does not show of a check is sent back as it came", () => {
  const [check] = makeService().checks
  if (check?.kind !== "http") throw new Error("a service has an HTTP check")
  const { expectations } = check
  const rich = {
    ...check,
    confirm_up: 2,
    upside_down: true,
    expectations: {
      ...expectations,
      body_lacks: "error",
      headers: [{ name: "Server", operator: "exists", value: "" } as const],
    },
  }

  const values = valuesOf(makeService({ checks: [rich, { ...rich, id: "c2" }] }), [])

  expect(toServiceInput(values).checks).toEqual([rich, { ...rich, id: "c2" }])
})

test("a check without a form stays what it is", () => {
  const [check] = makeService().checks
  if (check?.kind !== "http") throw new Error("a service has an HTTP check")
  const tree = {
    ...check,
    expectations: { ...check.expectations, status: "", expect: { not: { status: "500" } } },
  }

  const values = valuesOf(makeService({ checks: [tree] }), [])

  expect(values.checks).toEqual([])
  expect(toServiceInput(values).checks).toEqual([tree])
})

test("an address without TLS asks for no certificate", () => {
  const values = newValues([])
  const [check] = values.checks
  if (check) check.url = "http://127.0.0.2:8080/"

  expect(toServiceInput(values).checks[0]?.expectations?.certificate_days).toBeNull()
})

test("a refused recipient is found among those who are not told", () => {
  const values = newValues([{ ...SOFIA, you: false }, JONAS, { ...SOFIA, account_id: "a3" }])
  const errors = [{ field: "recipients.0.account_id", code: "gone", message: "Not a member." }]

  expect(placeErrors(errors, values).placed).toEqual([
    { path: "recipients.2.is_told", message: "Not a member." },
  ])
})

test("a refused field without a place on screen is told for the whole form", () => {
  const message = "Too many services."
  const errors = [{ field: "services", code: "limit", message }]

  expect(placeErrors(errors, newValues([]))).toEqual({ placed: [], unplaced: [message] })
})

test("a rule that needs a fix is left out of the try", () => {
  const [check] = newValues([]).checks
  if (!check) throw new Error("a form has a check")
  check.url = "https://api.nordlys.example/"
  check.expectations.json_values = [
    { path: "$.db.state", operator: "equals", value: "ready" },
    { path: "queue.depth", operator: "below", value: "500" },
  ]

  const input = readPreviewInput(check)

  expect(input?.skipped).toEqual(["queue.depth"])
  expect(input?.check.expectations?.json_values).toHaveLength(1)
})

test("without an address there is nothing to try", () => {
  const [check] = newValues([]).checks

  expect(check && readPreviewInput(check)).toBeNull()
})

test.each([
  ["GET", true],
  ["HEAD", true],
  ["OPTIONS", true],
  ["POST", false],
  ["DELETE", false],
] as const)("a %s may be repeated unasked: %s", (method, expected) => {
  expect(isHarmless({ url: "https://nordlys.example", method })).toBe(expected)
})
