"""To be told oneself: what every member may, whoever else is told."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.commands import EditService, RemoveRecipient
from allgreen.domain.events import Event
from allgreen.domain.identity import RecipientId, ServiceId
from allgreen.domain.service import Recipient
from allgreen.errors import InvalidInputError, NotSignedInError
from allgreen.server.auth import queries
from allgreen.server.auth.access import Access, Member
from allgreen.server.platform import Platform
from allgreen.server.recipients.schemas import Subscription
from allgreen.storage.sql.recipients import SqlRecipientRepository
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_TOLD: Final = 50
"""So many recipients a service has at most; the form that edits it takes no more either."""


async def load_subscription(
    connection: AsyncConnection, member: Member, service_id: str
) -> Subscription:
    """Return whether a member is told, and how many are."""
    told = await SqlRecipientRepository(connection).of_service(ServiceId(service_id))
    mine = any(one.account_id == member.account_id for one in told)
    return Subscription(subscribed=mine, recipients=len(told))


async def subscribe(platform: Platform, access: Access, service_id: str) -> Subscription:
    """Tell a member from now on; to ask twice changes nothing.

    Raises:
        InvalidInputError: Too many are told already.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        events = await _add(platform, uow, member, ServiceId(service_id), now)
        shown = await load_subscription(uow.connection, member, service_id)
        await uow.commit()
    platform.bus.announce(events)
    platform.wake_dispatcher()
    return shown


async def unsubscribe(platform: Platform, access: Access, service_id: str) -> None:
    """Tell a member nothing more about a service; who is not told stays so."""
    now = platform.clock.now()
    events: list[Event] = []
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        for recipient in await uow.recipients.of_service(ServiceId(service_id)):
            if recipient.account_id == member.account_id:
                command = RemoveRecipient(recipient_id=recipient.id, at=now)
                events += await platform.bus.handle(command, uow)
        await uow.commit()
    platform.bus.announce(events)


async def _add(
    platform: Platform, uow: SqlUnitOfWork, member: Member, service_id: ServiceId, now: datetime
) -> list[Event]:
    told = await uow.recipients.of_service(service_id)
    if any(one.account_id == member.account_id for one in told):
        return []
    account = await queries.find_account(uow.connection, member.account_id)
    if account is None:
        raise NotSignedInError
    # Their address may be listed already, from before they were a member.
    others = [one for one in told if one.address != account["email"]]
    if len(others) >= MOST_TOLD:
        raise InvalidInputError.at(
            "service_id", "full", f"{MOST_TOLD} are told already. Ask an admin to make room."
        )
    mine = Recipient(
        id=RecipientId(platform.new_id()),
        service_id=service_id,
        workspace_id=member.workspace_id,
        address=account["email"],
        name=member.name,
        account_id=member.account_id,
        confirmed_at=now,
    )
    # As an edit, so that whoever has the form open learns of it before they save another list.
    service = await uow.services.get(service_id, lock=True)
    command = EditService(
        service_id=service_id,
        expected_version=service.version,
        recipients=(*others, mine),
        by=member.account_id,
        at=now,
    )
    return list(await platform.bus.handle(command, uow))
