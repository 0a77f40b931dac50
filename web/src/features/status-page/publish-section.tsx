import { ExternalLink, Eye } from "lucide-react"
import { useState } from "react"
import type { StatusPage } from "@/api"
import { SettingsLine, SettingsSection } from "@/components/settings-section"
import { Button, buttonClass } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { FormFailure } from "@/components/ui/form-failure"
import { describeError } from "@/lib/api-client"
import { formatAgo } from "@/lib/format"
import { previewHref } from "./queries"
import styles from "./status-page.module.css"

interface PublishSectionProps {
  workspaceId: string
  page: StatusPage
  /** Where it will stand, before it has an address of its own. */
  baseUrl: string
  canPublish: boolean
  now: number
  zone: string
  /** Publish or take it back. A refusal is thrown as an `ApiError`. */
  onPublish: (isPublished: boolean) => Promise<void>
}

/** Whether everybody sees the page, and where; the preview is for members. */
export function PublishSection(props: PublishSectionProps) {
  const { workspaceId, page, baseUrl, canPublish, now, zone, onPublish } = props
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const slug = page.slug ?? page.suggested_slug
  const address = page.address ?? (slug && `${baseUrl}/status/${slug}`)

  async function publish(next: boolean) {
    setFailure(null)
    setBusy(true)
    try {
      await onPublish(next)
      setAsking(false)
    } catch (error) {
      setFailure(describeError(error))
    }
    setBusy(false)
  }

  const since = page.published_at && formatAgo(page.published_at, now, zone)
  return (
    <SettingsSection>
      <SettingsLine
        title={page.is_published ? "Everybody can see it" : "Nobody but members can see it"}
        text={
          page.is_published ? (
            <>
              <a href={address ?? ""} target="_blank" rel="noreferrer">
                {address}
                <ExternalLink className={`ic ${styles.inline}`} aria-hidden="true" />
                <span className="vh"> (opens in a new tab)</span>
              </a>
              {since && <>, published {since}</>}
            </>
          ) : (
            address && <>It will stand at {address}.</>
          )
        }
      >
        <span className="row">
          <a
            className={buttonClass()}
            href={previewHref(workspaceId)}
            target="_blank"
            rel="noreferrer"
          >
            <Eye className="ic" aria-hidden="true" />
            Preview
            <span className="vh"> (opens in a new tab)</span>
          </a>
          {canPublish &&
            (page.is_published ? (
              <Button variant="danger" onClick={() => setAsking(true)}>
                Unpublish…
              </Button>
            ) : (
              <Button busy={busy} onClick={() => void publish(true)}>
                Publish
              </Button>
            ))}
        </span>
      </SettingsLine>
      {!isAsking && failure && <FormFailure>{failure}</FormFailure>}
      <Dialog
        open={isAsking}
        title="Unpublish the status page?"
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button variant="ghost" onClick={() => setAsking(false)}>
              Keep it
            </Button>
            <Button variant="destroy" busy={busy} onClick={() => void publish(false)}>
              Unpublish
            </Button>
          </>
        }
      >
        <p>
          Its address, badges and feeds answer “not found” from now on. What it says is kept, and so
          is its name.
        </p>
        <FormFailure>{failure}</FormFailure>
      </Dialog>
    </SettingsSection>
  )
}
