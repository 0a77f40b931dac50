import { useState } from "react"
import { DayTip } from "@/components/strip/day-tip"
import { readDay } from "@/components/strip/read-day"
import { Button } from "@/components/ui/button"
import { EmptyState } from "@/components/ui/empty-state"
import { ErrorState } from "@/components/ui/error-state"
import { showToast, ToastLine } from "@/components/ui/toast"
import { ProberLine } from "@/features/overview/prober-line"
import { StaleLine } from "@/features/overview/stale-line"
import { DeleteServiceDialog } from "@/features/services/delete-service-dialog"
import { makeWorkspace } from "@/testing/factories"
import { Box, Line, Part } from "./box"
import { EVERY_KIND, NOW } from "./data"
import styles from "./gallery.module.css"

const THREE_MINUTES = 181_000

/** What Allgreen says by itself: lines, toasts, questions, tips. */
export function MessageParts() {
  return (
    <Part title="What Allgreen says" wide>
      <Box says="Stale, the watch itself, failed, empty">
        <StaleLine updatedAt={Date.now() - THREE_MINUTES} isPolled />
        <ProberLine workspace={AWAY} now={Date.parse(NOW)} />
        <ErrorState error={new TypeError("Failed to fetch")} onRetry={() => {}} />
        <EmptyState action={<Button variant="primary">Invite someone</Button>}>
          Nobody else can open this workspace.
        </EmptyState>
      </Box>
      <Box says="Toast with undo, 8 s, pauses on hover and focus">
        <ToastLine
          toast={{
            id: -1,
            text: "Storefront is checked every 5 minutes now",
            tone: "plain",
            action: { label: "Undo", run: () => {} },
          }}
        />
        <ToastLine toast={{ id: -2, text: "Saving failed, nothing was changed", tone: "error" }} />
        <Line>
          <Button onClick={() => showToast("Copied")}>Show a toast</Button>
        </Line>
      </Box>
      <Question />
      <Box says="Tooltip">
        <div className={`tip on ${styles.still}`}>
          <DayTip reading={readDay(EVERY_KIND, 24)} />
        </div>
      </Box>
    </Part>
  )
}

function Question() {
  const [isOpen, setOpen] = useState(false)
  return (
    <Box says="A question that must be answered first">
      <Line>
        <Button variant="danger" onClick={() => setOpen(true)}>
          Delete…
        </Button>
      </Line>
      <DeleteServiceDialog
        service={{ id: "full", name: "Payments webhook", workspaceId: "w1" }}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
        onDeleted={() => setOpen(false)}
      />
    </Box>
  )
}

const AWAY = makeWorkspace({
  prober: {
    state: "online",
    since: null,
    last_absence: {
      why: "offline",
      began_at: "2026-04-14T21:00:00Z",
      ended_at: "2026-04-14T21:12:00Z",
    },
  },
})
