"""Commands of people who were written to: they confirm, or they leave."""

from dataclasses import replace
from datetime import datetime

from allgreen.domain.commands import ConfirmRecipient, RemoveRecipient
from allgreen.domain.events import RecipientAdded, ServiceChanged
from allgreen.domain.service import Recipient
from allgreen.monitoring.bus import Turn


async def confirm_recipient(command: ConfirmRecipient, turn: Turn) -> None:
    """Tell an address from now on; confirming twice changes nothing."""
    recipient = await turn.uow.recipients.get(command.recipient_id)
    if recipient.confirmed_at is not None:
        return
    await turn.uow.recipients.save(replace(recipient, confirmed_at=command.at))
    await turn.tell(
        _changed(recipient, "recipient.confirmed", "confirmed to be told", command.at),
        RecipientAdded(
            recipient_id=recipient.id,
            service_id=recipient.service_id,
            workspace_id=recipient.workspace_id,
            at=command.at,
        ),
    )


async def remove_recipient(command: RemoveRecipient, turn: Turn) -> None:
    """Tell an address nothing any more, not even what already waits."""
    recipient = await turn.uow.recipients.get(command.recipient_id)
    await turn.uow.recipients.remove(recipient.id)
    await turn.tell(_changed(recipient, "recipient.left", "left the list", command.at))


def _changed(recipient: Recipient, action: str, change: str, at: datetime) -> ServiceChanged:
    # Admins read this too, and addresses of members are for owners.
    who = recipient.address if recipient.account_id is None else recipient.name or "a member"
    return ServiceChanged(
        service_id=recipient.service_id,
        workspace_id=recipient.workspace_id,
        action=action,
        change=f"{who} {change}",
        by=None,
        at=at,
    )
