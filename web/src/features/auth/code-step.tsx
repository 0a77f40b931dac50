import { useEffect, useRef, useState } from "react"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import styles from "./auth.module.css"

/** The second step: six digits of an app, or a recovery code where the device is lost. */
export function CodeStep({ error }: { error?: string }) {
  const [isLost, setLost] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  // It takes the place of what had the focus, and so does each kind of code of the other.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => input.current?.focus(), [isLost])
  return (
    <>
      <Field
        key={String(isLost)}
        label={isLost ? "Recovery code" : "Code"}
        error={error}
        hint={isLost ? "One of the codes you kept. Each works once." : APP_HINT}
      >
        {(control) => (
          <Input
            {...control}
            ref={input}
            name="code"
            mono
            inputMode={isLost ? "text" : "numeric"}
            autoComplete={isLost ? "off" : "one-time-code"}
            autoCapitalize="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Button variant="ghost" size="sm" className={styles.start} onClick={() => setLost(!isLost)}>
        {isLost ? "Use the app" : "Use a recovery code"}
      </Button>
    </>
  )
}

const APP_HINT = "The six digits that your authenticator app shows."
