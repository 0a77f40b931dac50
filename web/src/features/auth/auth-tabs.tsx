import type { KeyboardEvent } from "react"
import { cx } from "@/lib/class-names"
import styles from "./auth.module.css"

export type AuthTab = "login" | "register"

export const PANEL_ID = "auth-panel"
export const TAB_ID: Record<AuthTab, string> = {
  login: "auth-tab-login",
  register: "auth-tab-register",
}

const TABS: readonly { tab: AuthTab; label: string }[] = [
  { tab: "login", label: "Sign in" },
  { tab: "register", label: "Create account" },
]

type AuthTabsProps = { tab: AuthTab; onTab: (tab: AuthTab) => void }

/** The two ways in, one tab stop, arrows between them. */
export function AuthTabs({ tab, onTab }: AuthTabsProps) {
  const handleKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return
    event.preventDefault()
    const next = tab === "login" ? "register" : "login"
    document.getElementById(TAB_ID[next])?.focus()
    onTab(next)
  }
  return (
    <div
      role="tablist"
      aria-label="Sign in or create an account"
      className={cx("seg", styles.tabs)}
      onKeyDown={handleKey}
    >
      {TABS.map((one) => (
        <button
          key={one.tab}
          type="button"
          role="tab"
          id={TAB_ID[one.tab]}
          aria-selected={one.tab === tab}
          aria-controls={PANEL_ID}
          tabIndex={one.tab === tab ? 0 : -1}
          onClick={() => onTab(one.tab)}
        >
          {one.label}
        </button>
      ))}
    </div>
  )
}
