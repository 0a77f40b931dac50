import { Search } from "lucide-react"
import { useState } from "react"
import { Segmented } from "@/components/ui/segmented"
import { formatCount } from "@/lib/format"
import styles from "./services.module.css"
import type { ServiceGroup } from "./shown-state"

/** Which services are asked for: all of them, or those of one group. */
export type Show = "all" | Extract<ServiceGroup, "look" | "paused">

export interface ServiceToolsProps {
  show: Show
  words: string
  counts: Readonly<Record<Show, number>>
  onShow: (show: Show) => void
  onWords: (words: string) => void
}

/** The filter above the list: by group and by words. */
export function ServiceTools({ show, words, counts, onShow, onWords }: ServiceToolsProps) {
  // What is typed is shown at once; the URL follows, and may take a moment.
  const [typed, setTyped] = useState(words)
  const option = (value: Show, name: string) => ({
    value,
    label: (
      <>
        {name} <span className="t3 num">{formatCount(counts[value])}</span>
      </>
    ),
  })
  return (
    <div className={styles.tools}>
      <Segmented
        label="Show"
        value={show}
        onChange={onShow}
        options={[option("all", "All"), option("look", "Needs a look"), option("paused", "Paused")]}
      />
      <label className="affix">
        <span>
          <Search className="ic" aria-hidden="true" />
          <span className="vh">Filter services</span>
        </span>
        <input
          className="in"
          type="search"
          placeholder="Filter by name or URL…"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            onWords(event.target.value)
          }}
        />
      </label>
    </div>
  )
}
