import type { Offer } from "@/api"
import { Button } from "@/components/ui/button"
import { useAnswerOffer } from "./mutations"
import styles from "./workspaces.module.css"

type OfferNoticeProps = { workspaceId: string; offer: Offer }

/** The offer to own the workspace, for the one who may accept it. */
export function OfferNotice({ workspaceId, offer }: OfferNoticeProps) {
  const answer = useAnswerOffer(workspaceId)
  return (
    <section className={styles.offer} aria-label="An offer to you">
      <span className="grow">
        <b className="med">{offer.by}</b> offers you this workspace. You become its owner, and{" "}
        {offer.by} stays on as an admin.
      </span>
      <span className="row">
        <Button size="sm" busy={answer.isPending} onClick={() => answer.mutate("accept")}>
          Accept
        </Button>
        <Button size="sm" variant="ghost" onClick={() => answer.mutate("decline")}>
          Decline
        </Button>
      </span>
    </section>
  )
}
