import { Search } from "lucide-react"
import { buttonClass } from "@/components/ui/button"
import { cx } from "@/lib/class-names"
import { PALETTE_KEY } from "@/lib/palette-key"
import { showSheet, warmPalette } from "@/lib/sheets"
import styles from "./shell.module.css"

/** The way to the palette for who does not know its key; `compact` for the bar of small screens. */
export function JumpButton({ compact = false }: { compact?: boolean }) {
  return (
    <button
      type="button"
      className={cx(buttonClass({ variant: "ghost", icon: compact }), !compact && styles.jump)}
      aria-haspopup="dialog"
      aria-keyshortcuts="Meta+K Control+K"
      onPointerEnter={warmPalette}
      onFocus={warmPalette}
      onClick={() => showSheet("palette")}
    >
      <Search className={cx("ic", compact && "l")} aria-hidden="true" />
      {compact ? (
        <span className="vh">Search and commands</span>
      ) : (
        <>
          <span className="grow">Jump to…</span>
          <span aria-hidden="true">
            <kbd>{PALETTE_KEY}</kbd>
          </span>
        </>
      )}
    </button>
  )
}
