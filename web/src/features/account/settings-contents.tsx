import { useEffect, useState } from "react"
import styles from "./account.module.css"

const SECTIONS = [
  { id: "profile", label: "Profile" },
  { id: "look", label: "Appearance" },
  { id: "keys", label: "Keyboard" },
  { id: "seen", label: "Who sees you" },
  { id: "in", label: "Sign-in" },
  { id: "data", label: "Your data" },
] as const

/** The sections of the page, with the one in view marked. */
export function SettingsContents() {
  const inView = useSectionInView()
  return (
    <nav className={styles.contents} aria-label="Settings">
      {SECTIONS.map(({ id, label }) => (
        <a key={id} href={`#${id}`} aria-current={id === inView ? "true" : undefined}>
          {label}
        </a>
      ))}
    </nav>
  )
}

/** The last section whose head has passed the upper third of the window. */
function useSectionInView(): string {
  const [inView, setInView] = useState<string>("profile")
  useEffect(() => {
    const look = () => setInView(findInView())
    look()
    window.addEventListener("scroll", look, { passive: true })
    return () => window.removeEventListener("scroll", look)
  }, [])
  return inView
}

function findInView(): string {
  const { scrollHeight } = document.documentElement
  const isAtEnd = window.scrollY > 0 && window.innerHeight + window.scrollY >= scrollHeight - 2
  const passed = SECTIONS.filter(({ id }) => {
    const section = document.getElementById(id)
    return section && (isAtEnd || section.getBoundingClientRect().top < window.innerHeight / 3)
  })
  return passed.at(-1)?.id ?? "profile"
}
