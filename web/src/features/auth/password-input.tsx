import { type ComponentProps, useState } from "react"
import { Input } from "@/components/ui/input"
import styles from "./auth.module.css"

/** A password with a way to read what was typed. */
export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const [shown, setShown] = useState(false)
  return (
    <div className={styles.password}>
      <Input {...props} type={shown ? "text" : "password"} spellCheck={false} />
      <button
        type="button"
        aria-pressed={shown}
        aria-label={shown ? "Hide the password" : "Show the password"}
        onClick={() => setShown(!shown)}
      >
        {shown ? "Hide" : "Show"}
      </button>
    </div>
  )
}
