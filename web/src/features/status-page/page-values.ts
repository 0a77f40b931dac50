import type { PageEdit, StatusPage } from "@/api"

/** What the form holds, as text of its fields and the services that are ticked. */
export interface PageValues {
  slug: string
  title: string
  about: string
  website: string
  shows_latency: boolean
  /** `null` for all of the workspace, also those to come. */
  service_ids: readonly string[] | null
}

export function valuesOf(page: StatusPage): PageValues {
  return {
    slug: page.slug ?? page.suggested_slug ?? "",
    title: page.title,
    about: page.about,
    website: page.website,
    shows_latency: page.shows_latency,
    service_ids: page.service_ids,
  }
}

/** Only what differs from the page as it was read; an admin never sends what is for owners. */
export function pickChanged(values: PageValues, page: StatusPage, isOwner: boolean): PageEdit {
  const changed: PageEdit = {}
  if (values.title.trim() !== page.title) changed.title = values.title.trim()
  if (values.about.trim() !== page.about) changed.about = values.about
  if (values.website.trim() !== page.website) changed.website = values.website.trim()
  if (values.shows_latency !== page.shows_latency) changed.shows_latency = values.shows_latency
  if (!isOwner) return changed
  if (values.slug.trim() !== (page.slug ?? "")) changed.slug = values.slug.trim()
  if (!isSame(values.service_ids, page.service_ids)) {
    changed.service_ids = values.service_ids && [...values.service_ids]
  }
  return changed
}

/** The mistakes that are certain before anything is sent. */
export function findMistakes(values: PageValues): Partial<Record<keyof PageValues, string>> {
  const mistakes: Partial<Record<keyof PageValues, string>> = {}
  if (values.slug.trim() === "") mistakes.slug = "Choose the last part of its address."
  if (values.title.trim() === "") mistakes.title = "Give the page a title."
  if (values.service_ids?.length === 0) mistakes.service_ids = "Tick a service, or show them all."
  return mistakes
}

function isSame(a: readonly string[] | null, b: readonly string[] | null): boolean {
  return a === b || (a !== null && b !== null && a.join() === b.join())
}
