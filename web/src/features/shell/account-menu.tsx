import { Link } from "@tanstack/react-router"
import { LogOut, Settings } from "lucide-react"
import type { MouseEvent } from "react"
import type { Me } from "@/api/types.gen"
import { Avatar } from "@/components/ui/avatar"
import { Popover } from "@/components/ui/popover"
import { Segmented } from "@/components/ui/segmented"
import { cx } from "@/lib/class-names"
import { type Theme, useTheme } from "@/lib/theme"
import styles from "./shell.module.css"

type AccountMenuProps = {
  me: Me
  onLogOut: () => void
  /** Only the avatar, for the bar of small screens. */
  compact?: boolean
}

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
]

/** Who is signed in, how it looks, and the way out. */
export function AccountMenu({ me, onLogOut, compact }: AccountMenuProps) {
  const [theme, setTheme] = useTheme()
  return (
    <Popover
      label="Your account"
      triggerClassName={compact ? styles.avatar : cx("me btn ghost", styles.me)}
      className={compact ? styles.menuAbove : styles.menuBelow}
      trigger={compact ? <Initials me={me} /> : <Person me={me} />}
    >
      <div className={styles.theme}>
        <span className="xs t3">Theme</span>
        <Segmented label="Theme" size="sm" value={theme} options={THEMES} onChange={setTheme} />
      </div>
      <div className="nav">
        <Link to="/settings" onClick={closeMenu}>
          <Settings className="ic" aria-hidden="true" />
          Your settings
        </Link>
        <button type="button" onClick={onLogOut}>
          <LogOut className="ic" aria-hidden="true" />
          Log out
        </button>
      </div>
    </Popover>
  )
}

// The page changes below it, so nothing else would close it.
function closeMenu(event: MouseEvent<HTMLElement>): void {
  event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover?.()
}

// The name is text, not an aria-label: whoever says "click SL" to a computer must be understood.
function Initials({ me }: { me: Me }) {
  return (
    <>
      <Avatar name={me.name} photo={smallPhoto(me)} strong sizePx={32} />
      <span className="vh">Your account</span>
    </>
  )
}

function Person({ me }: { me: Me }) {
  return (
    <>
      <Avatar name={me.name} photo={smallPhoto(me)} strong />
      <span className={cx("grow", styles.person)}>
        <span className="t1 med trunc">{me.name}</span>
        <span className="xs t3 trunc">{me.email}</span>
      </span>
      <span className="vh">, your account</span>
      <Settings className="ic" aria-hidden="true" />
    </>
  )
}

function smallPhoto({ photo }: Me): string | null {
  return photo && `${photo}/small`
}
