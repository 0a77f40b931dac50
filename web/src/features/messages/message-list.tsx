import type { Delivery } from "@/api"
import { Button } from "@/components/ui/button"
import { useNow } from "@/lib/use-now"
import { MessageRow } from "./message-row"
import styles from "./messages.module.css"

const STEP_MS = 10_000

export interface MessageListProps {
  messages: readonly Delivery[]
  zone: string
  /** The message that is open, if any. */
  openId: string | undefined
  onToggle: (messageId: string) => void
  hasOlder: boolean
  isLoadingOlder: boolean
  onOlder: () => void
}

/** What was owed to whom, newest first, each row opening in place. */
export function MessageList(props: MessageListProps) {
  const { messages, zone, openId, onToggle, hasOlder, isLoadingOlder, onOlder } = props
  const now = useNow(STEP_MS)
  return (
    <>
      <div className={styles.list}>
        <div className={`${styles.line} ${styles.head}`} aria-hidden="true">
          <span>About</span>
          <span>For</span>
          <span>State</span>
          <span className={styles.when}>When</span>
          <span />
        </div>
        <ul aria-label="Messages">
          {messages.map((message) => (
            <MessageRow
              key={message.id}
              message={message}
              now={now}
              zone={zone}
              isOpen={message.id === openId}
              onToggle={onToggle}
            />
          ))}
        </ul>
      </div>
      {hasOlder && (
        <div className={styles.more}>
          <Button busy={isLoadingOlder} onClick={onOlder}>
            Show older messages
          </Button>
        </div>
      )}
    </>
  )
}
