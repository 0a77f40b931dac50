import { useState } from "react"
import type { Account } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { DeleteAccountDialog } from "./delete-account-dialog"
import { useExportAccount } from "./mutations"

/** What is stored, to take away or to delete. */
export function DataSection({ account }: { account: Account }) {
  const [isDeleting, setDeleting] = useState(false)
  const exporting = useExportAccount()
  return (
    <SettingsSection id="data" title="Your data">
      <SettingsLine
        title="Take it with you"
        text="Everything stored about your account, as one JSON file."
      >
        <Button busy={exporting.isPending} onClick={() => exporting.mutate()}>
          Download
        </Button>
      </SettingsLine>
      <SettingsLine
        title="Delete your account"
        text="Workspaces that nobody else owns are handed over or deleted first."
      >
        <Button variant="danger" onClick={() => setDeleting(true)}>
          Delete account…
        </Button>
      </SettingsLine>
      <DeleteAccountDialog
        email={account.email}
        isOpen={isDeleting}
        onClose={() => setDeleting(false)}
      />
    </SettingsSection>
  )
}
