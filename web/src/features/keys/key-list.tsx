import { useState } from "react"
import type { ApiKey } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { FormFailure } from "@/components/ui/form-failure"
import { describeError } from "@/lib/api-client"
import { useRevokeKey } from "./mutations"
import { describeKey } from "./words"

type KeyListProps = {
  workspaceId: string
  keys: readonly ApiKey[]
  now: number
  zone: string
}

/** The keys there are; none can be read again. */
export function KeyList({ workspaceId, keys, now, zone }: KeyListProps) {
  const [revoked, setRevoked] = useState<ApiKey | null>(null)
  return (
    <SettingsSection title="Keys">
      {keys.length === 0 && <p className="t2">There is no key yet.</p>}
      {keys.length > 0 && (
        <div>
          {keys.map((key) => (
            <SettingsLine
              key={key.id}
              title={
                <>
                  {key.name} <span className="mono t3">…{key.hint}</span>
                </>
              }
              text={describeKey(key, now, zone)}
            >
              <Button
                size="sm"
                variant="danger"
                aria-label={`Revoke ${key.name}`}
                onClick={() => setRevoked(key)}
              >
                Revoke…
              </Button>
            </SettingsLine>
          ))}
        </div>
      )}
      <RevokeDialog workspaceId={workspaceId} apiKey={revoked} onClose={() => setRevoked(null)} />
    </SettingsSection>
  )
}

type RevokeDialogProps = { workspaceId: string; apiKey: ApiKey | null; onClose: () => void }

function RevokeDialog({ workspaceId, apiKey, onClose }: RevokeDialogProps) {
  const revoke = useRevokeKey(workspaceId, onClose)
  const close = () => {
    revoke.reset()
    onClose()
  }
  return (
    <Dialog
      open={apiKey !== null}
      title={`Revoke ${apiKey?.name}?`}
      onClose={close}
      actions={
        <>
          <Button variant="ghost" onClick={close}>
            Keep it
          </Button>
          <Button
            variant="destroy"
            busy={revoke.isPending}
            onClick={() => apiKey && revoke.mutate(apiKey)}
          >
            Revoke
          </Button>
        </>
      }
    >
      <p>Programs that use it are refused from now on. This cannot be undone.</p>
      <FormFailure>{revoke.error && describeError(revoke.error)}</FormFailure>
    </Dialog>
  )
}
