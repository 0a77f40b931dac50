/** Going to the log-in page and coming back: both are page loads, so no data of one survives in the other. */

/** The log-in page, which remembers where to come back to. */
export function loginHref({ pathname, search }: Pick<Location, "pathname" | "search">): string {
  const here = pathname + search
  return here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`
}

/**
 * Read where to go after the log-in.
 *
 * Only a path of this site: `//elsewhere` and `/\elsewhere` are other sites to a browser, and so is
 * either with a tab or line break in between, which a browser leaves out.
 */
export function nextPath(search: string): string {
  const next = new URLSearchParams(search).get("next")
  return next && /^\/(?![/\\])[^\t\r\n]*$/.test(next) ? next : "/"
}
