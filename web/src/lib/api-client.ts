import { client } from "@/api/client.gen"
import { toApiError } from "@/lib/api-error"

export {
  ApiError,
  describeError,
  isNotFound,
  isSignedOut,
  listFieldErrors,
} from "@/lib/api-error"

/** Point the generated client at this origin and turn every failure into an `ApiError`. */
export function configureApiClient(): void {
  client.setConfig({ baseUrl: window.location.origin, credentials: "same-origin" })
  client.interceptors.error.clear()
  client.interceptors.error.use((error, response) =>
    isAborted(error) ? error : toApiError(error, response),
  )
}

function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError"
}
