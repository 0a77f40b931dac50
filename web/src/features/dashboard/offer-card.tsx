import { Link } from "@tanstack/react-router"
import type { WorkspaceCard } from "@/api"
import { Avatar } from "@/components/ui/avatar"
import { buttonClass } from "@/components/ui/button"
import styles from "./dashboard.module.css"

/** An offer to own a workspace, for the one who may accept it; it is answered inside. */
export function OfferCard({ workspace: { id, name, offer } }: { workspace: WorkspaceCard }) {
  if (!offer?.you) return null
  return (
    <section className={`card ${styles.invitation}`} aria-label={`Offer of ${name}`}>
      <Avatar name={offer.by} />
      <p className="grow">
        <b className="med">{offer.by}</b> offers you to own <b className="med">{name}</b>.
      </p>
      <Link
        to="/workspaces/$workspaceId"
        params={{ workspaceId: id }}
        className={buttonClass({ size: "sm" })}
      >
        Look at the offer
      </Link>
    </section>
  )
}
