import { toApiError } from "@/lib/api-error"

/**
 * Send one JSON request and give back the JSON answer.
 *
 * For the sign-in pages only, whose budget has no room for the generated client; its types are used.
 *
 * @throws ApiError for every refusal, and when no answer came.
 */
export async function requestJson<Answer>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await send(method, path, body)
  const answer = await response.json().catch(() => undefined)
  if (!response.ok) throw toApiError(answer, response)
  return answer as Answer
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" })
  if (body !== undefined) headers.set("Content-Type", "application/json")
  try {
    return await fetch(path, {
      method,
      credentials: "same-origin",
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (error) {
    throw toApiError(error, undefined)
  }
}
