import { ShieldCheck } from "lucide-react"
import { useState } from "react"
import {
  type Account,
  beginTwoFactor,
  type NewSecondFactor,
  removeTwoFactor,
  renewRecoveryCodes,
} from "@/api"
import { SettingsLine } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"
import { formatNoun } from "@/lib/format"
import { withProof } from "@/lib/proof"
import { FormDialog } from "./form-dialog"
import { useRefreshAccount } from "./mutations"
import { RecoveryCodesDialog } from "./recovery-codes-dialog"
import { SetUpDialog } from "./set-up-dialog"

type Step = "idle" | "setting-up" | "renewing" | "ending"

/** The second factor: off, or on since a day with some recovery codes left. */
export function SecondFactorLine({ account }: { account: Account }) {
  const isOn = account.two_factor_since !== null
  const [step, setStep] = useState<Step>("idle")
  const [secret, setSecret] = useState<NewSecondFactor | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  const [isBusy, setBusy] = useState(false)
  const refresh = useRefreshAccount()

  const begin = async () => {
    setBusy(true)
    try {
      setSecret(await withProof(() => beginTwoFactor()))
      setStep("setting-up")
    } catch (error) {
      showToast(describeError(error), { tone: "error" })
    }
    setBusy(false)
  }
  const renew = async () => setCodes((await withProof(() => renewRecoveryCodes())).codes)
  const end = async () => {
    await withProof(() => removeTwoFactor())
    await refresh()
    showToast("The second factor is off")
  }
  const close = () => setStep("idle")

  return (
    <SettingsLine
      icon={<ShieldCheck className="ic l" aria-hidden="true" />}
      title="Second factor"
      text={describe(account)}
    >
      {isOn ? (
        <>
          <Button size="sm" onClick={() => setStep("renewing")}>
            New codes
          </Button>
          <Button size="sm" variant="danger" onClick={() => setStep("ending")}>
            Turn off <span className="vh">the second factor</span>
          </Button>
        </>
      ) : (
        <Button size="sm" busy={isBusy} onClick={() => void begin()}>
          Set up <span className="vh">a second factor</span>
        </Button>
      )}
      <SetUpDialog
        secret={secret}
        open={step === "setting-up"}
        onClose={close}
        onConfirmed={setCodes}
      />
      <FormDialog
        open={step === "renewing"}
        title="Make new recovery codes?"
        submitLabel="Make new codes"
        onClose={close}
        send={renew}
      >
        <p>The codes you have stop working.</p>
      </FormDialog>
      <FormDialog
        open={step === "ending"}
        title="Turn off the second factor?"
        submitLabel="Turn off"
        isEnd
        onClose={close}
        send={end}
      >
        <p>Your password alone opens this account then.</p>
      </FormDialog>
      <RecoveryCodesDialog
        codes={codes}
        onClose={() => {
          setCodes(null)
          void refresh()
        }}
      />
    </SettingsLine>
  )
}

function describe({ two_factor_since, recovery_codes_left }: Account): string {
  if (two_factor_since === null) return "Off. With one, a stolen password is not enough."
  const left = formatNoun(recovery_codes_left, "recovery code")
  return `On. ${left} left.`
}
