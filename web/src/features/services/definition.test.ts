import { describe, expect, test } from "vitest"
import type { CheckView, Result } from "@/api"
import { makeService } from "@/testing/factories"
import { defineCheck } from "./definition"

function makeCheck(over: Partial<CheckView> = {}, expectations = {}): CheckView {
  const [check] = makeService().checks
  if (!check) throw new Error("the factory makes a service with one check")
  return { ...check, ...over, expectations: { ...check.expectations, ...expectations } }
}

const result = { http_status: 503, certificate_days: 61 } as Result

const lines = (check: CheckView, last: Result | null = null) =>
  defineCheck(check, last).map(({ term, value }) => `${term}: ${value}`)

describe("what is correct", () => {
  test("names the request without its scheme", () => {
    expect(
      lines(makeCheck({ method: "POST", url: "https://hooks.nordlys.example/stripe" }))[0],
    ).toBe("Request: POST hooks.nordlys.example/stripe")
  })

  test.each([
    ["equals", "$.accepted = true"],
    ["not_equals", "$.accepted ≠ true"],
    ["contains", "$.accepted contains true"],
    ["above", "$.accepted > true"],
    ["below", "$.accepted < true"],
    ["exists", "$.accepted exists"],
  ] as const)("writes a JSON rule with %s as %s", (operator, text) => {
    const check = makeCheck({}, { json_values: [{ path: "$.accepted", operator, value: "true" }] })

    expect(lines(check)).toContain(`JSON: ${text}`)
  })

  test("names the keyword and the limit, when there are any", () => {
    expect(lines(makeCheck({}, { body_contains: "ready", answers_within_ms: 1500 }))).toEqual(
      expect.arrayContaining(["Contains: ready", "Within: 1.5\u00a0s"]),
    )
    expect(lines(makeCheck({}, { answers_within_ms: null })).join()).not.toContain("Within")
  })

  test.each<[string, Partial<CheckView>, number | null, string | undefined]>([
    ["https", {}, null, "TLS: Valid, 61\u00a0days left"],
    ["https with a wish", {}, 14, "TLS: Valid, 61\u00a0days left, at least 14\u00a0days wanted"],
    ["https, not verified", { verify_tls: false }, null, "TLS: Not verified"],
    ["plain http", { url: "http://nordlys.example/" }, null, undefined],
  ])("describes the certificate of %s", (_, over, certificate_days, line) => {
    const found = lines(makeCheck(over, { certificate_days }), result)

    expect(found.find((text) => text.startsWith("TLS"))).toBe(line)
  })

  test.each<[string, Partial<Result> | null, string]>([
    ["no check has seen it", null, "TLS: Verified"],
    ["it got no answer", { http_status: null, certificate_days: 61 }, "TLS: 61\u00a0days left"],
    ["its time is over", { http_status: null, certificate_days: -3 }, "TLS: Expired"],
  ])("does not call a certificate valid when %s", (_, last, line) => {
    expect(lines(makeCheck({}, { certificate_days: null }), last as Result | null)).toContain(line)
  })
})
