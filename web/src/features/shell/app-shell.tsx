import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import type { Me, WorkspaceSummary } from "@/api/types.gen"
import { LogoMark, type MarkState } from "@/components/logo"
import { Toaster } from "@/components/ui/toast"
import { AccountMenu } from "./account-menu"
import { JumpButton } from "./jump-button"
import { type NavCounts, NavLinks } from "./nav-links"
import styles from "./shell.module.css"
import { SideNav } from "./side-nav"

type AppShellProps = {
  me: Me
  /** The workspace in view, or the one looked at last; none for who is in none. */
  workspace: WorkspaceSummary | undefined
  counts?: NavCounts
  onLogOut: () => void
  onNewWorkspace: () => void
  /** A line above the page, when something keeps the product from working. */
  notice?: ReactNode
  children: ReactNode
}

/** The frame of every signed-in page: navigation at the side, or above and below on a phone. */
export function AppShell(props: AppShellProps) {
  const { me, workspace, counts = {}, onLogOut, onNewWorkspace, notice, children } = props
  const mark = markState(workspace)
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="bar">
        <HomeLink mark={mark} />
        <span className={styles.end}>
          <JumpButton compact />
          <AccountMenu me={me} onLogOut={onLogOut} compact />
        </span>
      </header>
      <div className="app">
        <SideNav
          me={me}
          workspace={workspace}
          counts={counts}
          home={<HomeLink mark={mark} />}
          account={<AccountMenu me={me} onLogOut={onLogOut} />}
          onNewWorkspace={onNewWorkspace}
        />
        <div className="main">
          <main className={`sheet ${styles.main}`} id="main" tabIndex={-1}>
            {notice}
            {children}
          </main>
        </div>
      </div>
      <nav className="tabs" aria-label="Main">
        <NavLinks workspace={workspace} isLarge />
      </nav>
      <Toaster />
    </>
  )
}

function HomeLink({ mark }: { mark: MarkState }) {
  return (
    <Link className="logo" to="/" aria-label="Allgreen, home">
      <LogoMark state={mark} />
    </Link>
  )
}

// In no workspace the mark stays as it is drawn; in one of which nothing is known, it claims nothing.
function markState(workspace: WorkspaceSummary | undefined): MarkState {
  if (!workspace) return "up"
  return workspace.health === "unknown" ? "nodata" : workspace.health
}
