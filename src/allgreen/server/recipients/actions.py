"""Writes by links in mails: agree to be told, and leave."""

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.commands import ConfirmRecipient, RemoveRecipient
from allgreen.domain.events import Event
from allgreen.domain.identity import RecipientId
from allgreen.domain.notice import NoticeKind
from allgreen.errors import NotFoundError
from allgreen.server.auth.memberships import cancel_messages
from allgreen.server.links import Link, Purpose
from allgreen.server.platform import Platform
from allgreen.server.recipients import queries
from allgreen.server.recipients.queries import Told


async def read_link(platform: Platform, token: str, purpose: Purpose) -> Told:
    """Return whom a link is for, and change nothing.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
    """
    link = platform.links.read(token, purpose, platform.clock.now())
    async with platform.database.read() as connection:
        return await _get(connection, link)


async def confirm(platform: Platform, token: str) -> Told:
    """Tell an address from now on, about all that it was asked for in this workspace.

    An address gets one question a day, so one answer counts for every list that waits for it.

    Raises:
        NotFoundError: The link is not one of ours, was used, or has run out.
    """
    now = platform.clock.now()
    link = platform.links.read(token, Purpose.CONFIRM, now)
    events: list[Event] = []
    async with platform.database.unit_of_work() as uow:
        told = await _get(uow.connection, link)
        if told.is_confirmed:
            raise NotFoundError("link")
        for recipient_id in await queries.list_waiting(uow.connection, told):
            command = ConfirmRecipient(recipient_id=recipient_id, at=now)
            events += await platform.bus.handle(command, uow)
        # One that waits for its turn asks for nothing any more, and would hold back what follows.
        asked = NoticeKind.CONFIRM_RECIPIENT
        await cancel_messages(uow.connection, told.workspace_id, told.address, asked)
        await uow.commit()
    platform.bus.announce(events)
    return told


async def leave(platform: Platform, token: str) -> Told:
    """Tell an address nothing more about a service.

    Raises:
        NotFoundError: The link is not one of ours, or was used.
    """
    now = platform.clock.now()
    link = platform.links.read(token, Purpose.LEAVE, now)
    async with platform.database.unit_of_work() as uow:
        told = await _get(uow.connection, link)
        events = await platform.bus.handle(RemoveRecipient(recipient_id=told.id, at=now), uow)
        await uow.commit()
    platform.bus.announce(events)
    return told


async def _get(connection: AsyncConnection, link: Link) -> Told:
    told = await queries.find_told(connection, RecipientId(link.subject))
    if told is None or not link.is_for(told.address):
        raise NotFoundError("link")
    return told
