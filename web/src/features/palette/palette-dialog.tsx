import { Search } from "lucide-react"
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type SyntheticEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react"
import { ErrorState } from "@/components/ui/error-state"
import { Skeleton } from "@/components/ui/skeleton"
import { cx } from "@/lib/class-names"
import { formatNoun } from "@/lib/format"
import { type FoundEntry, type FoundGroup, findEntries, type PaletteGroup, stepTo } from "./entries"
import { cut } from "./fuzzy"
import styles from "./palette.module.css"

export interface PaletteDialogProps {
  /** What was typed before it was there. */
  initial?: string
  groups: readonly PaletteGroup[]
  /** Whether more is on its way. */
  isLoading: boolean
  /** Why something is missing, and the way to ask for it again. */
  failure: { error: unknown; retry: () => void } | null
  /** Told of what is typed, for what is only asked for then. */
  onType: (typed: string) => void
  onClose: () => void
}

/** One field over the page: what is typed is found among services, workspaces, pages and commands. */
export function PaletteDialog(props: PaletteDialogProps) {
  const { initial = "", groups, isLoading, failure, onType, onClose } = props
  const listId = useId()
  const dialog = useOpenDialog()
  const [typed, setTyped] = useState(initial)
  const [chosenId, setChosenId] = useState<string | null>(null)
  const found = findEntries(groups, typed)
  const entries = found.flatMap((group) => group.entries)
  // What was chosen may be gone after the next letter; then the first one is.
  const at = Math.max(
    0,
    entries.findIndex(({ id }) => id === chosenId),
  )
  const chosen = entries[at]
  const optionId = (entry: FoundEntry) => `${listId}-${entry.id}`

  function type(next: string) {
    setTyped(next)
    setChosenId(null)
    onType(next)
  }

  // Closed first: the focus is back where it was when what is run looks for it.
  function run(entry: FoundEntry) {
    onClose()
    entry.run()
  }

  function handleKey(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === "Enter" && chosen) {
      event.preventDefault()
      return run(chosen)
    }
    const next = stepTo(event.key, at, entries.length)
    if (next === null) return
    event.preventDefault()
    setChosenId(entries[next]?.id ?? null)
  }

  return (
    // A press beside it closes it; Esc does the same for a keyboard.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <dialog
      ref={dialog}
      className={styles.palette}
      aria-label="Search and commands"
      onCancel={(event: SyntheticEvent) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event: MouseEvent) => {
        if (event.target === dialog.current) onClose()
      }}
    >
      <div className={styles.head}>
        <Search className="ic l" aria-hidden="true" />
        <input
          role="combobox"
          aria-label="Find"
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={chosen && optionId(chosen)}
          placeholder="Find a service or run a command…"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          enterKeyHint="go"
          value={typed}
          onChange={(event) => type(event.target.value)}
          onKeyDown={handleKey}
        />
        <button type="button" className={styles.close} onClick={onClose}>
          <span className="vh">Close: </span>
          <kbd>esc</kbd>
        </button>
      </div>
      <div className={styles.body}>
        {failure && <ErrorState error={failure.error} onRetry={failure.retry} />}
        <div id={listId} role="listbox" aria-label="Results">
          {found.map((group) => (
            <Group key={group.id} group={group}>
              {group.entries.map((entry) => (
                <Option
                  key={entry.id}
                  id={optionId(entry)}
                  entry={entry}
                  isChosen={entry === chosen}
                  onPoint={() => setChosenId(entry.id)}
                  onRun={() => run(entry)}
                />
              ))}
            </Group>
          ))}
        </div>
        {isLoading && <Loading />}
        {entries.length === 0 && !isLoading && (
          <p className={styles.nothing}>
            Nothing here is called “{typed.trim()}”. Try a name, an address or a verb.
          </p>
        )}
      </div>
      <p className="vh" role="status">
        {isLoading ? "Loading" : typed.trim() && formatNoun(entries.length, "result")}
      </p>
    </dialog>
  )
}

/** A modal dialog for as long as it is there; the focus goes back where it was. */
function useOpenDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  return dialog
}

function Group({ group, children }: { group: FoundGroup; children: ReactNode }) {
  const titleId = useId()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of options, as the pattern has it
    <div role="group" aria-labelledby={titleId} className={styles.group}>
      <div id={titleId} className={styles.title} role="presentation">
        {group.title}
      </div>
      {children}
    </div>
  )
}

interface OptionProps {
  id: string
  entry: FoundEntry
  isChosen: boolean
  onPoint: () => void
  onRun: () => void
}

function Option({ id, entry, isChosen, onPoint, onRun }: OptionProps) {
  const option = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isChosen) option.current?.scrollIntoView({ block: "nearest" })
  }, [isChosen])
  return (
    // The field keeps the focus, and its keys choose and run: so the pattern wants it.
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      ref={option}
      id={id}
      role="option"
      aria-selected={isChosen}
      className={styles.option}
      onPointerMove={onPoint}
      // A press must not take the focus out of the field.
      onPointerDown={(event) => event.preventDefault()}
      onClick={onRun}
    >
      {entry.icon}
      <span className={cx(styles.label, "trunc")}>
        {cut(entry.label, entry.ranges).map(({ text, isMarked }, place) =>
          // Pieces of one text: they have no other name than their place.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          isMarked ? <mark key={place}>{text}</mark> : <span key={place}>{text}</span>,
        )}
      </span>
      {entry.hint && <span className={styles.hint}>{entry.hint}</span>}
      {entry.keys && (
        <span className={styles.keys} aria-hidden="true">
          {entry.keys.map((key) => (
            <kbd key={key}>{key}</kbd>
          ))}
        </span>
      )}
    </div>
  )
}

function Loading() {
  return (
    <div className={styles.loading}>
      <Skeleton width={180} height={16} />
      <Skeleton width={132} height={16} />
      <Skeleton width={156} height={16} />
    </div>
  )
}
