import { useFormContext } from "react-hook-form"
import type { Visibility } from "@/api"
import { SettingsSection } from "@/components/settings-section"
import { Radio } from "@/components/ui/check"
import styles from "./account.module.css"
import type { ProfileValues } from "./profile-values"

type VisibilitySectionProps = { formId: string; address: string }

/** Who sees the profile. */
export function VisibilitySection({ formId, address }: VisibilitySectionProps) {
  const { register } = useFormContext<ProfileValues>()
  return (
    <SettingsSection id="seen" title="Who sees your profile">
      <fieldset className={styles.options}>
        <legend className="vh">Who sees your profile</legend>
        {listOptions(address).map(({ value, label, text }) => (
          <Radio key={value} form={formId} {...register("visibility")} value={value}>
            <span>
              <b>{label}</b>
              <span className="t3">{text}</span>
            </span>
          </Radio>
        ))}
      </fieldset>
    </SettingsSection>
  )
}

type Option = { value: Visibility; label: string; text: string }

function listOptions(address: string): Option[] {
  return [
    {
      value: "public",
      label: "Everyone",
      text: `Anyone with the link ${address}`,
    },
    { value: "signed_in", label: "Signed-in people", text: "Anyone with an Allgreen account" },
    {
      value: "workspace",
      label: "People in my workspaces",
      text: "Everybody you share a workspace with",
    },
  ]
}
