import { HttpResponse } from "msw"
import type { FieldError } from "@/api/types.gen"

/** A refusal as the server sends it. */
export function problem(
  status: number,
  code: string,
  { detail = "No.", errors = [] as FieldError[], headers = {} } = {},
) {
  const body = { type: "about:blank", title: code, status, detail, code, errors }
  return HttpResponse.json(body, {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  })
}
