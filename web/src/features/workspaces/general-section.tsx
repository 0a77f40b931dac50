import { useEffect, useRef, useState } from "react"
import type { Workspace } from "@/api"
import { SettingsSection, SettingsSwitch } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import { useShortForm } from "@/lib/short-form"
import { useEditWorkspace } from "./mutations"
import { listZones } from "./time-zones"
import styles from "./workspaces.module.css"

/** Name and zone, and what the owners let admins do. */
export function GeneralSection({ workspace }: { workspace: Workspace }) {
  const edit = useEditWorkspace(workspace.id)
  const fields = useRef<HTMLFormElement>(null)
  // Until someone types, the inputs follow the workspace, whoever changes it.
  const follow = () => fields.current?.reset()
  useEffect(follow, [])
  const form = useShortForm({
    check: ({ name = "" }): Record<string, string> =>
      name.trim() ? {} : { name: "Name it after a product or a team." },
    send: async ({ name = "", time_zone }) => {
      // A part that nobody touched is not sent: somebody else may have changed it meanwhile.
      const changed = {
        ...(name.trim() !== workspace.name && { name: name.trim() }),
        ...(time_zone !== workspace.time_zone && { time_zone }),
      }
      if (Object.keys(changed).length > 0) await edit.mutateAsync(changed)
      follow()
    },
  })
  return (
    <SettingsSection title="Workspace">
      <form ref={fields} className={styles.fields} onSubmit={form.handleSubmit} noValidate>
        <Field label="Name" error={form.errors.name}>
          {(control) => (
            <Input
              {...control}
              name="name"
              autoComplete="off"
              maxLength={100}
              defaultValue={workspace.name}
            />
          )}
        </Field>
        <Field
          label="Time zone"
          error={form.errors.time_zone}
          hint="Days begin and end in this zone. Another one holds from its next midnight."
        >
          {(control) => (
            <Select
              {...control}
              key={workspace.time_zone}
              name="time_zone"
              defaultValue={workspace.time_zone}
              options={listZones(workspace.time_zone)}
            />
          )}
        </Field>
        <FormFailure>{form.failure}</FormFailure>
        <div className={styles.end}>
          <Button type="submit" variant="primary" busy={form.busy}>
            Save
          </Button>
        </div>
      </form>
      <AdminsMayInvite workspace={workspace} />
    </SettingsSection>
  )
}

function AdminsMayInvite({ workspace }: { workspace: Workspace }) {
  const edit = useEditWorkspace(workspace.id)
  // Shown in the very moment of the press; the cache follows a blink later.
  const [wanted, setWanted] = useState<boolean | null>(null)
  const change = (admins_may_invite: boolean) => {
    setWanted(admins_may_invite)
    edit.mutate({ admins_may_invite }, { onSettled: () => setWanted(null) })
  }
  return (
    <SettingsSwitch
      title="Admins may invite"
      text="As observers only. Admins and owners are for owners to make."
      checked={wanted ?? workspace.admins_may_invite}
      onChange={(event) => change(event.target.checked)}
    />
  )
}
