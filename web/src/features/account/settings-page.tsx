import { type ReactNode, useId } from "react"
import { FormProvider } from "react-hook-form"
import type { Account, Instance, OwnProfile } from "@/api"
import { PageTitle } from "@/components/page-title"
import { UnsavedGuard } from "@/components/unsaved-guard"
import styles from "./account.module.css"
import { DataSection } from "./data-section"
import { PhotoField } from "./photo-field"
import { ProfileSection } from "./profile-section"
import { SaveBar } from "./save-bar"
import { SettingsContents } from "./settings-contents"
import { SignInSection } from "./sign-in-section"
import { ThemeChoice } from "./theme-choice"
import { useProfileForm } from "./use-profile-form"
import { VisibilitySection } from "./visibility-section"

type SettingsPageProps = {
  account: Account
  profile: OwnProfile
  instance: Instance
}

/** Everything that is one's own: a drawer in order. */
export function SettingsPage({ account, profile, instance }: SettingsPageProps) {
  const formId = useId()
  const { form, submit } = useProfileForm(profile)
  const { isDirty, isSubmitting } = form.formState
  return (
    <SettingsFrame>
      <FormProvider {...form}>
        {/* The fields name their form: dialogs among them have forms of their own. */}
        <form id={formId} onSubmit={submit} noValidate />
        <ProfileSection formId={formId} photo={<PhotoField profile={profile} />} />
        <ThemeChoice />
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

/** The head and the way round, also while the rest is on its way. */
export function SettingsFrame({ children }: { children: ReactNode }) {
  return (
    <div className={`wrap ${styles.wrap}`}>
      <PageTitle>Your settings</PageTitle>
      <div className="ph">
        <div>
          <h1>Your settings</h1>
          <p>These follow you into every workspace.</p>
        </div>
      </div>
      <div className={styles.columns}>
        <SettingsContents />
        <div className={styles.sections}>{children}</div>
      </div>
    </div>
  )
}

function withoutScheme(address: string): string {
  return address.replace(/^https?:\/\//, "").replace(/\/$/, "")
}
