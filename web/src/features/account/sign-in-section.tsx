import type { Account, Instance } from "@/api"
import { SettingsSection } from "@/components/settings-section"
import { EmailLine } from "./email-line"
import { EventList } from "./event-list"
import { GitHubLine } from "./github-line"
import { PasswordLine } from "./password-line"
import { SecondFactorLine } from "./second-factor-line"
import { SessionList } from "./session-list"

type SignInSectionProps = { account: Account; instance: Instance }

/** The ways into the account, and who is in. */
export function SignInSection({ account, instance }: SignInSectionProps) {
  const identity = account.identities.find(({ provider }) => provider === "github")
  return (
    <SettingsSection id="in" title="Sign-in">
      {(instance.github || identity) && <GitHubLine identity={identity} />}
      <EmailLine account={account} hasMail={instance.mail} />
      <PasswordLine hasPassword={account.has_password} />
      <SecondFactorLine account={account} />
      <SessionList />
      <EventList />
    </SettingsSection>
  )
}
