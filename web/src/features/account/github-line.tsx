import { useMutation } from "@tanstack/react-query"
import { useState } from "react"
import { connectGithub, disconnectGithub, type Identity } from "@/api"
import { GitHubMark } from "@/components/github-mark"
import { SettingsLine } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"
import { withProof } from "@/lib/proof"
import { FormDialog } from "./form-dialog"
import { useRefreshAccount } from "./mutations"

/** GitHub as a way in. */
export function GitHubLine({ identity }: { identity: Identity | undefined }) {
  const [isAsked, setAsked] = useState(false)
  const refresh = useRefreshAccount()
  const connecting = useMutation({
    mutationFn: () => withProof(() => connectGithub()),
    onSuccess: ({ url }) => window.location.assign(url),
    onError: (error) => showToast(describeError(error), { tone: "error" }),
  })
  const disconnect = async () => {
    await withProof(() => disconnectGithub())
    await refresh()
    showToast("GitHub is disconnected")
  }
  return (
    <SettingsLine
      icon={<GitHubMark className="ic l" />}
      title="GitHub"
      text={identity ? `Connected as ${identity.login}` : "Not connected"}
    >
      {identity ? (
        <Button size="sm" onClick={() => setAsked(true)}>
          Disconnect <span className="vh">GitHub</span>
        </Button>
      ) : (
        <Button size="sm" busy={connecting.isPending} onClick={() => connecting.mutate()}>
          Connect <span className="vh">GitHub</span>
        </Button>
      )}
      <FormDialog
        open={isAsked}
        title="Disconnect GitHub?"
        submitLabel="Disconnect"
        isEnd
        onClose={() => setAsked(false)}
        send={disconnect}
      >
        <p>It does not open this account any more. Your email and password still do.</p>
      </FormDialog>
    </SettingsLine>
  )
}
