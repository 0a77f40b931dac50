import type { ReactNode } from "react"
import cloud from "@/assets/cloud.svg"
import { LogoMark } from "@/components/logo"
import { cx } from "@/lib/class-names"
import styles from "./auth.module.css"

/** The frame of the pages before the log-in: the form on one side, the sky on the other. */
export function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <div className={styles.split}>
      <div className={styles.left}>
        <header className={styles.head}>
          <a className="logo" href="/" aria-label="Allgreen, home">
            <LogoMark />
          </a>
        </header>
        <main className={styles.form} id="main">
          {children}
        </main>
      </div>
      <aside className={cx("slab", styles.right)}>
        <img className={styles.cloud} src={cloud} alt="" />
        <p className={styles.big}>Everything you watch, in one look.</p>
      </aside>
    </div>
  )
}
