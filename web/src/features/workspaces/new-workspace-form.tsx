import type { ReactNode } from "react"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input } from "@/components/ui/input"
import { useShortForm } from "@/lib/short-form"
import { useCreateWorkspace } from "./mutations"
import styles from "./workspaces.module.css"

/** The name of a new workspace, and making it. */
export function useNewWorkspace(onCreated: (workspaceId: string) => Promise<void>) {
  const create = useCreateWorkspace()
  return useShortForm({
    check: ({ name = "" }): Record<string, string> =>
      name.trim() ? {} : { name: "Name it after a product or a team." },
    send: async ({ name = "" }) => {
      // Days are cut where its maker lives, until somebody says otherwise.
      const time_zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC"
      const { id } = await create({ name: name.trim(), time_zone })
      await onCreated(id)
    },
  })
}

type NewWorkspaceFieldProps = {
  form: ReturnType<typeof useNewWorkspace>
  label: string
  /** Stands beside the input. */
  children?: ReactNode
}

export function NewWorkspaceField({ form, label, children }: NewWorkspaceFieldProps) {
  return (
    <>
      <Field
        label={label}
        error={form.errors.name}
        hint="You become its owner. You can invite people next."
      >
        {(control) => (
          <div className={styles.beside}>
            <Input
              {...control}
              name="name"
              autoComplete="off"
              maxLength={100}
              placeholder="Name it after a product or a team…"
            />
            {children}
          </div>
        )}
      </Field>
      <FormFailure>{form.failure ?? form.errors.time_zone ?? null}</FormFailure>
    </>
  )
}

type NewWorkspaceFormProps = {
  onCreated: (workspaceId: string) => Promise<void>
  /** Whether making one is the thing to do on this page. */
  isPrimary: boolean
  className?: string
}

/** The same in one line, for the page that lists workspaces. */
export function NewWorkspaceForm({ onCreated, isPrimary, className }: NewWorkspaceFormProps) {
  const form = useNewWorkspace(onCreated)
  return (
    <form className={className} onSubmit={form.handleSubmit} noValidate>
      <NewWorkspaceField form={form} label="New workspace">
        <Button type="submit" variant={isPrimary ? "primary" : "secondary"} busy={form.busy}>
          Create
        </Button>
      </NewWorkspaceField>
    </form>
  )
}
