import type { ReactNode } from "react"
import { type FieldPath, type UseFormRegisterReturn, useFormContext } from "react-hook-form"
import { SettingsSection } from "@/components/settings-section"
import { Affix } from "@/components/ui/affix"
import { Field } from "@/components/ui/field"
import { Input, TextArea } from "@/components/ui/input"
import styles from "./account.module.css"
import { countCharacters, MOST_IN_BIO, type ProfileValues } from "./profile-values"

type ProfileSectionProps = { formId: string; photo: ReactNode }

/** Who one is, for others. */
export function ProfileSection({ formId, photo }: ProfileSectionProps) {
  const { bio, ...field } = useProfileFields(formId)
  return (
    <SettingsSection id="profile" title="Profile">
      {photo}
      <div className={styles.grid}>
        <Line {...field.of("name")} label="Name" autoComplete="given-name" />
        <Line {...field.of("surname")} label="Surname" autoComplete="family-name" />
        <Line {...field.of("pronouns")} label="Pronouns" note="optional" list={PRONOUNS_ID} />
        <datalist id={PRONOUNS_ID}>
          <option value="she/her" />
          <option value="he/him" />
          <option value="they/them" />
        </datalist>
        <Line {...field.of("city")} label="City" note="optional" autoComplete="address-level2" />
        <Bio {...bio} />
        <Line {...field.of("github")} label="GitHub" start="github.com/" />
        <Line {...field.of("linkedin")} label="LinkedIn" start="linkedin.com/in/" />
        <div className={styles.full}>
          <Line {...field.of("website")} label="Website" inputMode="url" autoComplete="url" />
        </div>
      </div>
    </SettingsSection>
  )
}

const PRONOUNS_ID = "pronouns-suggested"

function useProfileFields(formId: string) {
  const { register, watch, formState } = useFormContext<ProfileValues>()
  const errorOf = (name: FieldPath<ProfileValues>) => formState.errors[name]?.message
  return {
    of: (name: FieldPath<ProfileValues>) => ({
      error: errorOf(name),
      registered: {
        form: formId,
        ...register(name, {
          validate: (value) => name !== "name" || value.trim() !== "" || "Enter your name.",
        }),
      },
    }),
    bio: {
      error: errorOf("bio"),
      length: countCharacters(watch("bio")),
      registered: { form: formId, ...register("bio", { validate: checkBio }) },
    },
  }
}

type Registered = UseFormRegisterReturn & { form: string }

type LineProps = {
  registered: Registered
  error?: string
  label: string
  note?: string
  /** Stands before what is typed. */
  start?: string
  list?: string
  autoComplete?: string
  inputMode?: "url"
}

function Line({ registered, error, label, note, start, ...rest }: LineProps) {
  const isName = start !== undefined || rest.inputMode !== undefined
  return (
    <Field label={label} note={note} error={error}>
      {(control) => {
        const input = { ...control, ...registered, ...rest, spellCheck: isName ? false : undefined }
        if (!start) return <Input {...input} />
        return (
          <Affix start={start}>
            <Input {...input} className={styles.affixed} autoCapitalize="off" />
          </Affix>
        )
      }}
    </Field>
  )
}

type BioProps = { registered: Registered; error?: string; length: number }

function Bio({ registered, error, length }: BioProps) {
  return (
    <Field
      className={styles.full}
      label="Bio"
      note="optional"
      error={error}
      hint={<span className={styles.count}>{`${length} of ${MOST_IN_BIO}`}</span>}
    >
      {(control) => <TextArea {...control} {...registered} rows={3} />}
    </Field>
  )
}

function checkBio(value: string): string | true {
  const over = countCharacters(value) - MOST_IN_BIO
  return over <= 0 || `Use at most ${MOST_IN_BIO} characters; this has ${over} more.`
}
