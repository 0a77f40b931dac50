import type { FieldError, Problem } from "@/api/types.gen"

/** What the server refused, or could not do, as a sentence for people. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly FieldError[]
  readonly retryAfterS: number | null

  constructor(problem: Problem, retryAfterS: number | null = null) {
    super(problem.detail || problem.title)
    this.name = "ApiError"
    this.status = problem.status
    this.code = problem.code
    this.errors = problem.errors ?? []
    this.retryAfterS = retryAfterS
  }
}

/** Whether the session has ended, so that only a new log-in helps. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}

/** Whether the thing is gone, or was never ours to see; the server does not tell which. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404
}

/** The sentence to show for any error, ours or not. */
export function describeError(error: unknown): string {
  if (error instanceof ApiError) return error.message
  return "This page met an error of its own. Reload it; if it stays, tell your administrator."
}

/** The refused fields of an error, by their dotted path in the request body. */
export function listFieldErrors(error: unknown): readonly FieldError[] {
  return error instanceof ApiError ? error.errors : []
}

/**
 * Turn what a request ended with into an `ApiError`.
 *
 * @param body The parsed body of a refusal, or what `fetch` threw.
 * @param response The answer, or nothing when none arrived.
 */
export function toApiError(body: unknown, response: Response | undefined): ApiError {
  if (!response) return new ApiError(UNREACHABLE)
  return new ApiError(isProblem(body) ? body : unreadable(response), retryAfter(response))
}

const UNREACHABLE: Problem = {
  type: "about:blank",
  title: "Unreachable",
  status: 0,
  code: "unreachable",
  detail: "Allgreen did not answer. Check your connection and try again.",
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body
}

// A proxy in front of the server answers in its own words, often a page of HTML.
function unreadable(response: Response): Problem {
  return {
    type: "about:blank",
    title: "Unreadable answer",
    status: response.status,
    code: "unreadable",
    detail: `The server answered ${response.status} without a reason. Try again in a minute.`,
  }
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After"))
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null
}
