import { useId } from "react"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Switch } from "@/components/ui/switch"
import { useLetterKeys } from "@/lib/letter-keys"
import { PALETTE_KEY } from "@/lib/palette-key"
import styles from "./key-sheet.module.css"
import { SHORTCUTS } from "./keys"

/** All keys that do something on any page, and the switch for those that are single letters. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useLetterKeys()
  const id = useId()
  return (
    <Dialog
      open
      title="Keyboard shortcuts"
      onClose={onClose}
      actions={
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      }
    >
      <dl className={styles.keys}>
        <div>
          <dt>Search and commands</dt>
          <dd>
            <kbd>{PALETTE_KEY}</kbd>
          </dd>
        </div>
        {SHORTCUTS.map(({ command, keys, does }) => (
          <div key={command} className={isOn ? undefined : styles.off}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key, place) => (
                <span key={key}>
                  {place > 0 && <span className="xs t3"> then </span>}
                  <kbd>{key}</kbd>
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <label className={styles.choice} htmlFor={id}>
        <span>
          <b className="med">Single-letter shortcuts</b>
          <span className="sm t3">Kept on this device. They rest while you type.</span>
        </span>
        <Switch id={id} checked={isOn} onChange={(event) => setOn(event.target.checked)} />
      </label>
    </Dialog>
  )
}
