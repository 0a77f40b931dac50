import { useId, useState } from "react"
import type { Offer, Person, Workspace } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Select } from "@/components/ui/select"
import { formatMoment } from "@/lib/format"
import { useShortForm } from "@/lib/short-form"
import { useOfferWorkspace, useWithdrawOffer } from "./mutations"
import styles from "./workspaces.module.css"

type TransferSectionProps = {
  workspace: Workspace
  /** Members who do not own it, to whom it can be offered. */
  takers: readonly Pick<Person, "account_id" | "name">[]
  now: number
}

/** Hand the workspace over to a member. */
export function TransferSection({ workspace, takers, now }: TransferSectionProps) {
  const [isAsking, setAsking] = useState(false)
  if (workspace.offer) {
    return <PendingOffer workspace={workspace} offer={workspace.offer} now={now} />
  }
  return (
    <SettingsSection>
      <SettingsLine
        title="Transfer this workspace"
        text={
          takers.length > 0
            ? "A member becomes its owner when they accept, and you stay on as an admin."
            : "Invite the next owner first: only a member can take it over."
        }
      >
        {takers.length > 0 && <Button onClick={() => setAsking(true)}>Transfer…</Button>}
      </SettingsLine>
      {isAsking && (
        <OfferDialog workspace={workspace} takers={takers} onClose={() => setAsking(false)} />
      )}
    </SettingsSection>
  )
}

type PendingOfferProps = { workspace: Workspace; offer: Offer; now: number }

function PendingOffer({ workspace, offer, now }: PendingOfferProps) {
  const withdraw = useWithdrawOffer(workspace.id)
  return (
    <SettingsSection>
      <SettingsLine
        title={`Offered to ${offer.to}`}
        text={`By ${offer.by}. ${offer.to} can accept until ${formatMoment(offer.until, now, workspace.time_zone)}.`}
      >
        <Button busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
          Withdraw the offer
        </Button>
      </SettingsLine>
    </SettingsSection>
  )
}

type OfferDialogProps = Omit<TransferSectionProps, "now"> & { onClose: () => void }

function OfferDialog({ workspace, takers, onClose }: OfferDialogProps) {
  const formId = useId()
  const offer = useOfferWorkspace(workspace.id)
  const form = useShortForm({
    check: () => ({}),
    send: async ({ account_id = "" }) => {
      await offer(account_id)
      onClose()
    },
  })
  return (
    <Dialog
      open
      title={`Transfer ${workspace.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button variant="ghost" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" form={formId} variant="primary" busy={form.busy}>
            Offer it
          </Button>
        </>
      }
    >
      <form id={formId} className={styles.fields} onSubmit={form.handleSubmit} noValidate>
        <p>They get a mail and can accept for seven days. Until then you own it.</p>
        <Field label="To" error={form.errors.account_id}>
          {(control) => (
            <Select
              {...control}
              name="account_id"
              options={takers.map(({ account_id, name }) => ({ value: account_id, label: name }))}
            />
          )}
        </Field>
        <FormFailure>{form.failure}</FormFailure>
      </form>
    </Dialog>
  )
}
