import type { ReactNode } from "react"
import { PageTitle } from "@/components/page-title"
import styles from "./account.module.css"
import { SettingsContents } from "./settings-contents"

/** The head and the way round, also while the rest is on its way. */
export function SettingsFrame({ children }: { children: ReactNode }) {
  return (
    <div className={`wrap ${styles.wrap}`}>
      <PageTitle>Your settings</PageTitle>
      <div className="ph">
        <div>
          <h1>Your settings</h1>
          <p>These follow you into every workspace.</p>
        </div>
      </div>
      <div className={styles.columns}>
        <SettingsContents />
        <div className={styles.sections}>{children}</div>
      </div>
    </div>
  )
}
