import { useForm } from "react-hook-form"
import type { OwnProfile } from "@/api"
import { ApiError, describeError, isSignedOut } from "@/lib/api-error"
import { useSaveProfile } from "./mutations"
import { isProfileField, type ProfileValues, valuesOf } from "./profile-values"

/** The form of the profile: what it holds, and how it is saved. */
export function useProfileForm(profile: OwnProfile) {
  const form = useForm<ProfileValues>({
    defaultValues: valuesOf(profile),
    // Errors come with the first try to save and then follow the typing.
    mode: "onSubmit",
    reValidateMode: "onChange",
  })
  const save = useSaveProfile()

  const showRefusal = (error: unknown) => {
    const refused = error instanceof ApiError ? error.errors : []
    const placed = refused.filter(({ field }) => isProfileField(field))
    for (const [index, { field, message }] of placed.entries()) {
      if (!isProfileField(field)) continue
      form.setError(field, { type: "server", message }, { shouldFocus: index === 0 })
    }
    if (placed.length === 0) form.setError("root", { type: "server", message: messageOf(error) })
  }

  const submit = form.handleSubmit(async (values) => {
    try {
      form.reset(valuesOf(await save(values)))
    } catch (error) {
      showRefusal(error)
    }
  })
  return { form, submit }
}

function messageOf(error: unknown): string {
  // Going to the log-in page would throw away what was typed.
  if (isSignedOut(error)) return "You were signed out. Sign in, then save once more."
  return describeError(error)
}
