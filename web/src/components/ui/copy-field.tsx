import { Copy } from "lucide-react"
import { useRef } from "react"
import { Button } from "@/components/ui/button"
import styles from "@/components/ui/copy-field.module.css"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { showToast } from "@/components/ui/toast"

type CopyFieldProps = { label: string; value: string; hint?: string }

/** A text to take away: it can be selected by hand where the browser does not let a page copy. */
export function CopyField({ label, value, hint }: CopyFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  const copy = async () => {
    input.current?.select()
    try {
      await navigator.clipboard.writeText(value)
      showToast("Copied")
    } catch {
      // Without https there is no clipboard; what is selected can be copied by keyboard.
      showToast("Press Ctrl C to copy what is selected")
    }
  }
  return (
    <Field label={label} hint={hint}>
      {(control) => (
        <div className={styles.row}>
          <Input
            {...control}
            ref={input}
            mono
            readOnly
            value={value}
            onFocus={(event) => event.target.select()}
          />
          <Button aria-label={`Copy: ${label}`} onClick={copy}>
            <Copy className="ic" aria-hidden="true" />
            Copy
          </Button>
        </div>
      )}
    </Field>
  )
}
