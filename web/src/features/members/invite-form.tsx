import { Send, X } from "lucide-react"
import { type FormEvent, type KeyboardEvent, useRef, useState } from "react"
import type { Role, SentInvitation } from "@/api"
import { Button } from "@/components/ui/button"
import { Field } from "@/components/ui/field"
import { Select } from "@/components/ui/select"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-client"
import { addEmails, findMistake } from "./emails"
import styles from "./members.module.css"
import { useInvite } from "./mutations"
import { ROLES } from "./words"

export interface InviteFormProps {
  workspaceId: string
  /** As what the reader may invite, the usual one first. */
  roles: readonly Role[]
  onSent: (sent: SentInvitation) => void
}

/** Addresses and a role: each address gets a mail with a link of its own. */
export function InviteForm({ workspaceId, roles, onSent }: InviteFormProps) {
  const input = useRef<HTMLInputElement>(null)
  const [emails, setEmails] = useState<readonly string[]>([])
  const [typed, setTyped] = useState("")
  const [role, setRole] = useState<Role>(roles[0] ?? "observer")
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const send = useInvite(workspaceId)

  function refuse(message: string) {
    setError(message)
    input.current?.focus()
  }

  /** Make tags of what was typed, as far as it is whole addresses. */
  function take(): readonly string[] | null {
    const next = addEmails(emails, typed)
    const mistake = next.find((email) => findMistake(email))
    if (mistake !== undefined) {
      refuse(`${mistake} is no address. An email has an @, as in you@example.org.`)
      return null
    }
    setEmails(next)
    setTyped("")
    setError(undefined)
    return next
  }

  function handleKey(event: KeyboardEvent) {
    const isEnd = event.key === "," || event.key === " " || event.key === ";"
    if ((isEnd || event.key === "Enter") && typed.trim()) {
      event.preventDefault()
      take()
    } else if (isEnd) event.preventDefault()
    else if (event.key === "Backspace" && typed === "") setEmails(emails.slice(0, -1))
  }

  async function handleSubmit(event: FormEvent) {
    event.preventDefault()
    if (busy) return
    const wanted = take()
    if (!wanted) return
    if (wanted.length === 0) return refuse("Enter an email.")
    setBusy(true)
    const { done, failure } = await inviteAll(wanted)
    setBusy(false)
    setEmails(wanted.filter((email) => !done.includes(email)))
    if (failure) refuse(failure)
    else input.current?.focus()
  }

  // One after the other: the first that is refused stops the rest, which stay as they are.
  async function inviteAll(wanted: readonly string[]) {
    const done: string[] = []
    for (const email of wanted) {
      try {
        const sent = await send(email, role)
        onSent(sent)
        if (sent.link === null) showToast(`An invitation is on its way to ${email}`)
        done.push(email)
      } catch (reason) {
        const message = describeError(reason)
        return { done, failure: wanted.length > 1 ? `${email}: ${message}` : message }
      }
    }
    return { done, failure: null }
  }

  return (
    <form className={styles.invite} onSubmit={handleSubmit} noValidate aria-label="Invite">
      <Field label="Invite by email" error={error} className={styles.emails}>
        {(control) => (
          <div className={styles.tags} data-invalid={error ? true : undefined}>
            {emails.map((email) => (
              <span key={email} className={styles.tag}>
                <span className="trunc">{email}</span>
                <button
                  type="button"
                  aria-label={`Leave ${email} out`}
                  onClick={() => {
                    setEmails(emails.filter((one) => one !== email))
                    input.current?.focus()
                  }}
                >
                  <X className="ic" aria-hidden="true" />
                </button>
              </span>
            ))}
            <input
              {...control}
              ref={input}
              type="email"
              multiple
              autoComplete="off"
              spellCheck={false}
              placeholder={emails.length > 0 ? "Add another…" : "you@example.org"}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              onKeyDown={handleKey}
              onPaste={(event) => {
                const text = event.clipboardData.getData("text")
                if (!/[\s,;]/.test(text.trim())) return
                event.preventDefault()
                setEmails(addEmails(emails, text))
              }}
            />
          </div>
        )}
      </Field>
      <Field label="As">
        {(control) => (
          <Select
            {...control}
            value={role}
            options={roles.map((value) => ({ value, label: ROLES[value].name }))}
            onChange={(event) => setRole(event.target.value as Role)}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={busy} className={styles.send}>
        {!busy && <Send className="ic" aria-hidden="true" />}
        {addEmails(emails, typed).length > 1 ? "Send invitations" : "Send invitation"}
      </Button>
      <p className={`hint ${styles.inviteHint}`}>
        They don’t need an account yet. The link works for seven days.
      </p>
    </form>
  )
}
