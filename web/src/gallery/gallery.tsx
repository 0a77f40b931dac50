import { LogoMark } from "@/components/logo"
import { Button } from "@/components/ui/button"
import { ControlParts } from "./controls"
import { DataParts } from "./data-parts"
import styles from "./gallery.module.css"
import { MessageParts } from "./messages"
import { Swatches } from "./swatches"

/** Every component in every state, to be laid beside the design. Only for development. */
export function Gallery() {
  return (
    <main id="main" className={styles.page}>
      <header className={styles.head}>
        <span className="logo">
          <LogoMark />
        </span>
        <h1 className="grow">Components and states</h1>
        <Button onClick={switchTheme}>Theme</Button>
      </header>
      <Swatches />
      <ControlParts />
      <DataParts />
      <MessageParts />
    </main>
  )
}

function switchTheme() {
  const root = document.documentElement
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches
  const shown = root.dataset.theme ?? (isDark ? "dark" : "light")
  root.dataset.theme = shown === "dark" ? "light" : "dark"
}
