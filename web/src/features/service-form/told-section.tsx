import { Link } from "@tanstack/react-router"
import { Mail } from "lucide-react"
import { type KeyboardEvent, useState } from "react"
import { useFieldArray, useFormContext } from "react-hook-form"
import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { FieldError } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { findEmailMistake } from "./form-mistakes"
import type { FormValues } from "./form-values"
import { Section } from "./section"
import styles from "./service-form.module.css"
import { useField } from "./use-field"

type ToldSectionProps = { hasMail: boolean; workspaceId: string }

/** The fourth question: who hears about it. */
export function ToldSection({ hasMail, workspaceId }: ToldSectionProps) {
  const { control } = useFormContext<FormValues>()
  const { fields, append } = useFieldArray({ control, name: "recipients" })
  return (
    <Section title="Who is told" lead="One message when it breaks, one when it holds again.">
      {fields.length > 0 && (
        <ul className={styles.people}>
          {fields.map((field, index) => (
            <PersonLine key={field.id} person={field} index={index} />
          ))}
        </ul>
      )}
      <AddEmail
        taken={fields.flatMap(({ email }) => (email ? [email.toLowerCase()] : []))}
        onAdd={(email) =>
          append(
            { account_id: null, email, name: email, note: "not a member", is_told: true },
            { shouldFocus: false },
          )
        }
      />
      {!hasMail && (
        <p className="hint">
          This Allgreen has no mail server yet.{" "}
          {/* In a tab of its own: what was filled in here stays. */}
          <Link to="/workspaces/$workspaceId/messages" params={{ workspaceId }} target="_blank">
            Messages are kept, and sent to nobody
            <span className="vh"> (opens in a new tab)</span>
          </Link>
          .
        </p>
      )}
    </Section>
  )
}

type PersonLineProps = { person: FormValues["recipients"][number]; index: number }

function PersonLine({ person, index }: PersonLineProps) {
  const { field, error } = useField(`recipients.${index}.is_told`)
  return (
    <li>
      <label>
        {person.account_id ? (
          <Avatar name={person.name} strong={person.note === "you"} />
        ) : (
          <span className="av" aria-hidden="true">
            <Mail className="ic" />
          </span>
        )}
        <span className="grow">
          {person.name} {person.note && <span className="t3">{person.note}</span>}
        </span>
        <span className={`check ${styles.end}`}>
          <input {...field} type="checkbox" aria-invalid={error ? true : undefined} />
        </span>
      </label>
      {error && <FieldError>{error}</FieldError>}
    </li>
  )
}

type AddEmailProps = { taken: string[]; onAdd: (email: string) => void }

function AddEmail({ taken, onAdd }: AddEmailProps) {
  const [typed, setTyped] = useState("")
  const [error, setError] = useState<string | null>(null)
  const add = () => {
    const mistake = findMistake(typed.trim(), taken)
    setError(mistake)
    if (mistake) return
    onAdd(typed.trim())
    setTyped("")
  }
  // Enter in this field adds the address; it must not send the form before it is on the list.
  const handleKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return
    event.preventDefault()
    add()
  }
  return (
    <div className="field">
      <div className="row">
        <Input
          type="email"
          aria-label="Another email"
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? "another-email-error" : undefined}
          placeholder="Another email…"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={handleKey}
        />
        <Button className={styles.addEmail} onClick={add}>
          Add
        </Button>
      </div>
      {error && <FieldError id="another-email-error">{error}</FieldError>}
    </div>
  )
}

function findMistake(email: string, taken: string[]): string | null {
  const isTaken = taken.includes(email.toLowerCase())
  return isTaken ? "This address is on the list already." : findEmailMistake(email)
}
