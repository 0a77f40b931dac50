import { Copy, Download } from "lucide-react"
import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { showToast } from "@/components/ui/toast"
import styles from "./account.module.css"
import { saveFile } from "./mutations"

type RecoveryCodesDialogProps = { codes: string[] | null; onClose: () => void }

/** Recovery codes, shown this once. */
export function RecoveryCodesDialog({ codes, onClose }: RecoveryCodesDialogProps) {
  const text = codes?.join("\n") ?? ""
  const copy = () =>
    // Without https there is no clipboard; the file is always there.
    (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(
      () => showToast("Copied"),
      () => showToast("This browser does not let us copy. Download them instead."),
    )
  return (
    <Dialog
      open={codes !== null}
      title="Keep these recovery codes"
      onClose={onClose}
      actions={
        <>
          <Button onClick={() => void copy()}>
            <Copy className="ic" aria-hidden="true" />
            Copy
          </Button>
          <Button onClick={() => saveFile(FILE, `${text}\n`, "text/plain")}>
            <Download className="ic" aria-hidden="true" />
            Download
          </Button>
          <Button variant="primary" onClick={onClose}>
            I kept them
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        <p>
          Each opens the account once, on the day your device is lost. They are not shown again.
        </p>
        <ul className={`${styles.codes} mono`}>
          {codes?.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
      </div>
    </Dialog>
  )
}

const FILE = "allgreen-recovery-codes.txt"
