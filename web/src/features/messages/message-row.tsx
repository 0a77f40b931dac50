import { ChevronDown } from "lucide-react"
import type { Delivery } from "@/api"
import { StatusGlyph } from "@/components/ui/status-glyph"
import { formatAgo } from "@/lib/format"
import { MessageText } from "./message-text"
import styles from "./messages.module.css"
import { explainDelivery, KINDS, nameReader, STATES } from "./words"

export interface MessageRowProps {
  message: Delivery
  now: number
  zone: string
  isOpen: boolean
  onToggle: (messageId: string) => void
}

/** One message: what it is about, for whom, and what became of it; opens to its text. */
export function MessageRow({ message, now, zone, isOpen, onToggle }: MessageRowProps) {
  const textId = `message-${message.id}`
  const name = `${KINDS[message.kind]}, ${message.service_name ?? "a service that is gone"}`
  return (
    <li className={styles.message}>
      <div className={styles.line}>
        <div className={styles.what}>
          <span className="semi trunc">{message.service_name ?? message.subject}</span>
          <span className={`${styles.under} trunc`}>{KINDS[message.kind]}</span>
        </div>
        <div className={styles.to}>
          <span className="vh">To </span>
          <span className="trunc" title={message.to ?? undefined}>
            {nameReader(message)}
          </span>
        </div>
        <Outcome message={message} />
        <time className={styles.when} dateTime={message.created_at} title={message.created_at}>
          {formatAgo(message.created_at, now, zone)}
        </time>
        <button
          type="button"
          className={styles.expand}
          aria-expanded={isOpen}
          aria-controls={isOpen ? textId : undefined}
          aria-label={`Text for ${nameReader(message)}: ${name}`}
          onClick={() => onToggle(message.id)}
        >
          <ChevronDown className="ic" aria-hidden="true" />
        </button>
      </div>
      {isOpen && <MessageText id={textId} message={message} now={now} zone={zone} />}
    </li>
  )
}

function Outcome({ message }: { message: Delivery }) {
  const { word, glyph } = STATES[message.state]
  const explanation = explainDelivery(message)
  return (
    <div className={styles.outcome}>
      <StatusGlyph state={glyph} />
      <span>{word}</span>
      {explanation && <span className={`${styles.under} trunc`}>{explanation}</span>}
    </div>
  )
}
