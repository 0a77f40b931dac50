import { describe, expect, test } from "vitest"
import type { HttpCheckView, Result, Service } from "@/api"
import { makeService } from "@/testing/factories"
import { defineCheck } from "./definition"

type CheckView = Service["checks"][number]

function makeCheck(over: Partial<HttpCheckView> = {}, expectations = {}): HttpCheckView {
  const [check] = makeService().checks
  if (check?.kind !== "http") throw new Error("the factory makes a service with one HTTP check")
  return { ...check, ...over, expectations: { ...check.expectations, ...expectations } }
}

/** What checks of all kinds have, expecting nothing of an answer. */
function withoutHttp(expectations = {}) {
  const { id, timeout_ms, confirm_down, confirm_up, upside_down, ...check } = makeCheck()
  return {
    id,
    timeout_ms,
    confirm_down,
    confirm_up,
    upside_down,
    expectations: { ...check.expectations, status: "", certificate_days: null, ...expectations },
  }
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

  test("names what else is looked for in an answer", () => {
    const check = makeCheck(
      {},
      {
        body_lacks: "error",
        body_matches: "queue: [0-9]+",
        headers: [
          { name: "Server", operator: "contains", value: "nginx" },
          { name: "X-Id", operator: "exists", value: "" },
        ],
        size: { at_least: 10, at_most: null },
      },
    )

    expect(lines(check)).toEqual(
      expect.arrayContaining([
        "Lacks: error",
        "Matches: queue: [0-9]+",
        "Header: Server contains nginx",
        "Header: X-Id exists",
        "Size: At least 10 bytes",
      ]),
    )
  })

  test("says that there is a tree, and that a failure is expected", () => {
    const check = makeCheck(
      { upside_down: true },
      { status: "", expect: { any_of: [{ status: "200" }, { status: "404" }] } },
    )

    const found = lines(check).join("; ")

    expect(found).toContain("Rules: A tree of rules, set through the API")
    expect(found).toContain("Upside down: It is expected to fail")
    expect(found).not.toContain("Status")
  })

  test.each<[string, CheckView, string[]]>([
    [
      "a look-up",
      {
        ...withoutHttp({ records: { values: ["192.0.2.1"], match: "any" } }),
        kind: "dns",
        name: "nordlys.example",
        record_type: "A",
        server: null,
      },
      ["Request: DNS A nordlys.example", "Records: 192.0.2.1", "Within: 800\u00a0ms"],
    ],
    [
      "a connection",
      { ...withoutHttp(), kind: "tcp", host: "db.nordlys.example", port: 5432, send: null },
      ["Request: TCP db.nordlys.example:5432", "Within: 800\u00a0ms"],
    ],
    [
      "a handshake",
      {
        ...withoutHttp({ certificate_days: null }),
        kind: "tls",
        host: "nordlys.example",
        port: 443,
        server_name: null,
        verify_tls: true,
      },
      ["Request: TLS nordlys.example:443", "Within: 800\u00a0ms", "TLS: Verified"],
    ],
  ])("describes %s", (_, check, expected) => {
    expect(lines(check)).toEqual(expected)
  })

  test.each<[string, Partial<HttpCheckView>, number | null, string | undefined]>([
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
