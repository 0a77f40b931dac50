import type { Client } from "@/api/client"
import { isSignedOut } from "@/lib/api-error"
import { type Method, requestJson } from "@/lib/json-request"
import { tellSignedOut } from "@/lib/signed-out"

export {
  ApiError,
  describeError,
  isNotFound,
  isSignedOut,
  listFieldErrors,
} from "@/lib/api-error"

/** What a generated function asks for: the address with its holes, and what goes into them. */
type Wanted = {
  url: string
  path?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | null
}

/**
 * Make what the generated functions send their requests with.
 *
 * `lighter-parts.ts` puts it in the place of the transport that is generated beside them. Every refusal
 * is an `ApiError`, and the screen is told of a session that has ended, whoever asked.
 */
export function createClient(): Client {
  const by = (method: Method) => (wanted: Wanted) =>
    requestJson(method, addressOf(wanted), wanted.body, wanted).catch((error) => {
      if (isSignedOut(error)) tellSignedOut()
      throw error
    })
  return {
    get: by("GET"),
    post: by("POST"),
    put: by("PUT"),
    patch: by("PATCH"),
    delete: by("DELETE"),
  } as unknown as Client
}

/** The generated client configures what there is nothing of to configure. */
export function createConfig(): object {
  return {}
}

function addressOf({ url, path = {}, query = {} }: Wanted): string {
  const filled = url.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(path[name])),
  )
  const search = new URLSearchParams()
  for (const [name, values] of Object.entries(query)) {
    for (const value of [values].flat()) if (value != null) search.append(name, String(value))
  }
  return search.size > 0 ? `${filled}?${search}` : filled
}
