import { useSuspenseQuery } from "@tanstack/react-query"
import { createFileRoute, type ErrorComponentProps, useRouter } from "@tanstack/react-router"
import { ErrorState } from "@/components/ui/error-state"
import { accountQuery, instanceQuery, profileQuery } from "@/features/account/queries"
import { SettingsFrame } from "@/features/account/settings-frame"
import { SettingsPage } from "@/features/account/settings-page"
import { SettingsSkeleton } from "@/features/account/settings-skeleton"
import { SignedInShell } from "./-signed-in-shell"

export const Route = createFileRoute("/_signed-in/settings")({
  loader: ({ context: { queryClient } }) =>
    Promise.all([
      queryClient.ensureQueryData(accountQuery()),
      queryClient.ensureQueryData(profileQuery()),
      queryClient.ensureQueryData(instanceQuery()),
    ]),
  // The skeleton is a page of its own, and not for those who never come here.
  codeSplitGroupings: [["component"], ["pendingComponent", "errorComponent"]],
  pendingComponent: Pending,
  errorComponent: Failed,
  component: Settings,
})

function Settings() {
  const { data: account, error, refetch } = useSuspenseQuery(accountQuery())
  const { data: profile } = useSuspenseQuery(profileQuery())
  const { data: instance } = useSuspenseQuery(instanceQuery())
  return (
    <SignedInShell>
      <SettingsPage
        account={account}
        profile={profile}
        instance={instance}
        // What was loaded stays in sight when it cannot be asked for again.
        notice={error && <ErrorState error={error} onRetry={() => void refetch()} />}
      />
    </SignedInShell>
  )
}

function Pending() {
  return (
    <SignedInShell>
      <SettingsSkeleton />
    </SignedInShell>
  )
}

function Failed({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    reset()
    void router.invalidate()
  }
  return (
    <SignedInShell>
      <SettingsFrame>
        <ErrorState error={error} onRetry={retry} />
      </SettingsFrame>
    </SignedInShell>
  )
}
