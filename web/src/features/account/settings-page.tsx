import { type ReactNode, useId } from "react"
import { FormProvider } from "react-hook-form"
import type { Account, Instance, OwnProfile } from "@/api"
import { UnsavedGuard } from "@/components/unsaved-guard"
import { DataSection } from "./data-section"
import { KeyboardSection } from "./keyboard-section"
import { PhotoField } from "./photo-field"
import { ProfileSection } from "./profile-section"
import { SaveBar } from "./save-bar"
import { SettingsFrame } from "./settings-frame"
import { SignInSection } from "./sign-in-section"
import { ThemeChoice } from "./theme-choice"
import { useProfileForm } from "./use-profile-form"
import { VisibilitySection } from "./visibility-section"

type SettingsPageProps = {
  account: Account
  profile: OwnProfile
  instance: Instance
  /** Shown above all, when what is shown may be old. */
  notice?: ReactNode
}

/** Everything that is one's own: a drawer in order. */
export function SettingsPage({ account, profile, instance, notice }: SettingsPageProps) {
  const formId = useId()
  const { form, submit } = useProfileForm(profile)
  const { isDirty, isSubmitting } = form.formState
  return (
    <SettingsFrame>
      {notice}
      <FormProvider {...form}>
        {/* The fields name their form: dialogs among them have forms of their own. */}
        <form id={formId} onSubmit={submit} noValidate />
        <ProfileSection formId={formId} photo={<PhotoField profile={profile} />} />
        <ThemeChoice />
        <KeyboardSection />
        <VisibilitySection
          formId={formId}
          address={withoutScheme(instance.public_url) + profile.page}
        />
        <SignInSection account={account} instance={instance} />
        <DataSection account={account} />
        <SaveBar formId={formId} />
      </FormProvider>
      <UnsavedGuard isUnsaved={isDirty && !isSubmitting} />
    </SettingsFrame>
  )
}

function withoutScheme(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/$/, "")
}
