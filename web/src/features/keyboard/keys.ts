/** What a single letter, or two one after the other, can do. */
export type KeyCommand =
  | "new-service"
  | "invite"
  | "filter"
  | "sheet"
  | "dashboard"
  | "services"
  | "messages"
  | "members"
  | "status-page"
  | "workspace-settings"
  | "your-settings"

export interface Shortcut {
  command: KeyCommand
  keys: readonly string[]
  does: string
}

/** All of them, in the order in which the sheet lists them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { command: "new-service", keys: ["N"], does: "New service" },
  { command: "invite", keys: ["I"], does: "Invite someone" },
  { command: "filter", keys: ["/"], does: "Filter the services" },
  { command: "dashboard", keys: ["G", "D"], does: "All workspaces" },
  { command: "services", keys: ["G", "S"], does: "Services" },
  { command: "messages", keys: ["G", "E"], does: "Messages" },
  { command: "members", keys: ["G", "M"], does: "Members" },
  { command: "status-page", keys: ["G", "P"], does: "Status page" },
  { command: "workspace-settings", keys: ["G", "W"], does: "Workspace settings" },
  { command: "your-settings", keys: ["G", "Y"], does: "Your settings" },
  { command: "sheet", keys: ["?"], does: "This list" },
]

/** How long a first key waits for its second one. */
const WAITS_MS = 1500

/**
 * Make a reader of keys that remembers the first of two.
 *
 * @param clock Milliseconds that only grow.
 */
export function createKeyReader(clock: () => number): (key: string) => KeyCommand | null {
  let first: { key: string; until: number } | null = null
  return (typed) => {
    const key = typed.toUpperCase()
    const before = first && clock() < first.until ? [first.key] : []
    first = null
    const command = find([...before, key]) ?? find([key])
    if (!command && SHORTCUTS.some(({ keys }) => keys.length === 2 && keys[0] === key)) {
      first = { key, until: clock() + WAITS_MS }
    }
    return command ?? null
  }
}

/** The keys of a command, for what shows it elsewhere. */
export function keysOf(command: KeyCommand): readonly string[] | undefined {
  return SHORTCUTS.find((shortcut) => shortcut.command === command)?.keys
}

function find(pressed: readonly string[]): KeyCommand | undefined {
  const isPressed = ({ keys }: Shortcut) => keys.join() === pressed.join()
  return SHORTCUTS.find(isPressed)?.command
}
