import { useQueryClient } from "@tanstack/react-query"
import { useRouter } from "@tanstack/react-router"
import { lazy, Suspense, useEffect, useRef, useState } from "react"
import { isLetterKey } from "@/lib/letter-keys"
import { keepSheets, type Sheet } from "@/lib/sheets"

// Nobody waits for it: a page that is only looked at never brings any of this.
const loadPalette = () => import("./-palette")
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }))
const KeySheet = lazy(async () => ({
  default: (await import("@/features/keyboard/key-sheet")).KeySheet,
}))

let keyCommands: Promise<typeof import("./-key-commands")> | undefined

/** What is reached from every page by a key: the palette, single letters, and the list of them. */
export function Commands() {
  const router = useRouter()
  const queryClient = useQueryClient()
  const [sheet, setSheet] = useState<Sheet | null>(null)
  // What is typed before the palette is there: fast fingers do not wait for it.
  const early = useRef("")
  useEffect(() => keepSheets({ show: setSheet, warm: () => void loadPalette() }), [])
  useEffect(() => {
    const handleKey = (event: KeyboardEvent) => {
      if (isPaletteKey(event)) {
        event.preventDefault()
        early.current = ""
        // Over another question it would hide what is being answered.
        if (sheet || !document.querySelector("dialog[open]")) {
          setSheet(sheet === "palette" ? null : "palette")
        }
      } else if (sheet === "palette" && isTypedEarly(event)) {
        event.preventDefault()
        early.current += event.key
      } else if (!sheet && isLetterKey(event)) {
        // Some browsers look for text on the page by it.
        if (event.key === "/") event.preventDefault()
        // One promise for all keys, so that they are read in their order.
        keyCommands ??= import("./-key-commands")
        keyCommands.then(
          ({ press }) => press(event.key, router, queryClient),
          () => {
            // It did not come; the next press asks again.
            keyCommands = undefined
          },
        )
      }
    }
    document.addEventListener("keydown", handleKey)
    return () => document.removeEventListener("keydown", handleKey)
  }, [sheet, router, queryClient])
  if (!sheet) return null
  const close = () => {
    early.current = ""
    setSheet(null)
  }
  return (
    <Suspense>
      {sheet === "palette" ? (
        <Palette early={early} onClose={close} />
      ) : (
        <KeySheet onClose={close} />
      )}
    </Suspense>
  )
}

function isTypedEarly({ key, metaKey, ctrlKey, altKey }: KeyboardEvent): boolean {
  const isOpen = document.querySelector("dialog[open]") !== null
  return !isOpen && key.length === 1 && !metaKey && !ctrlKey && !altKey
}

function isPaletteKey({ key, metaKey, ctrlKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && metaKey !== ctrlKey && !altKey && !shiftKey
}
