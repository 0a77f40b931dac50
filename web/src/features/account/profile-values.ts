import type { OwnProfile, ProfileInput } from "@/api"

/** The profile as its form holds it. */
export type ProfileValues = Required<ProfileInput>

export const MOST_IN_BIO = 280

/** What the form begins with. */
export function valuesOf(profile: OwnProfile): ProfileValues {
  const { name, surname, pronouns, city, bio, github, linkedin, website, visibility } = profile
  return { name, surname, pronouns, city, bio, github, linkedin, website, visibility }
}

/** How many characters a text has, as people and the server count them. */
export function countCharacters(text: string): number {
  return Array.from(text).length
}

export function isProfileField(name: string): name is keyof ProfileValues {
  return FIELDS.includes(name)
}

const FIELDS: readonly string[] = [
  "name",
  "surname",
  "pronouns",
  "city",
  "bio",
  "github",
  "linkedin",
  "website",
  "visibility",
] satisfies (keyof ProfileValues)[]
