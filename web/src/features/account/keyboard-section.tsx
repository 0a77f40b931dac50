import { SettingsSection, SettingsSwitch } from "@/components/settings-section"
import { Button } from "@/components/ui/button"
import { useLetterKeys } from "@/lib/letter-keys"
import { PALETTE_KEY } from "@/lib/palette-key"
import { showSheet } from "@/lib/sheets"
import styles from "./account.module.css"

/** Keys that are single letters help some and hinder others, as who talks to the computer. */
export function KeyboardSection() {
  const [isOn, setOn] = useLetterKeys()
  return (
    <SettingsSection
      id="keys"
      title="Keyboard"
      lead={
        <>
          <kbd>{PALETTE_KEY}</kbd> finds services and commands from every page.
        </>
      }
    >
      <SettingsSwitch
        title="Single-letter shortcuts"
        text="N for a new service, G then M for members. Kept on this device."
        checked={isOn}
        onChange={(event) => setOn(event.target.checked)}
      />
      <Button className={styles.more} onClick={() => showSheet("keys")}>
        All shortcuts
      </Button>
    </SettingsSection>
  )
}
