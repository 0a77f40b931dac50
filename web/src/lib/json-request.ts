import { toApiError } from "@/lib/api-error"

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

type More = { headers?: HeadersInit; signal?: AbortSignal | null }

/**
 * Send one request and give back the JSON answer; an empty one is an empty object.
 *
 * A file is sent as it is, everything else as JSON.
 *
 * @throws ApiError for every refusal, and when no answer came that can be read.
 */
export async function requestJson<Answer>(
  method: Method,
  path: string,
  body?: unknown,
  { headers: given, signal }: More = {},
): Promise<Answer> {
  const headers = new Headers(given)
  headers.set("Accept", "application/json")
  const isFile = body instanceof Blob
  if (body === undefined) headers.delete("Content-Type")
  else if (!isFile) headers.set("Content-Type", "application/json")
  let response: Response | undefined
  let answer: unknown
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers,
      body: isFile ? body : JSON.stringify(body),
      signal,
    })
    answer = JSON.parse((await response.text()) || "{}")
  } catch (error) {
    // Who gave the request up wants no sentence about it.
    if (signal?.aborted) throw error
    throw toApiError(undefined, response)
  }
  if (!response.ok) throw toApiError(answer, response)
  return answer as Answer
}
