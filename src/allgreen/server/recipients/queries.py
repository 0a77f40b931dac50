"""Reads: what was sent to whom, and whom a link in a mail is for."""

from dataclasses import dataclass

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import RecipientId, WorkspaceId
from allgreen.domain.status import Mode
from allgreen.notifiers.letters import LetterLinks, write_letter
from allgreen.notifiers.rendering import render_text
from allgreen.server.auth.access import Member
from allgreen.server.platform import Platform
from allgreen.server.recipients.schemas import Delivery
from allgreen.server.wire import Cut
from allgreen.storage.sql.rows import notice_from_row
from allgreen.storage.sql.tables import deliveries, outbox, recipients, services


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A recipient with the name of the service.

    Attributes:
        name: Of the service.
    """

    id: RecipientId
    workspace_id: WorkspaceId
    address: str
    name: str
    is_confirmed: bool


async def find_told(connection: AsyncConnection, recipient_id: RecipientId) -> Told | None:
    """Return a recipient of a service that is not deleted."""
    query = (
        select(recipients, services.c.name.label("service_name"))
        .join(services, services.c.id == recipients.c.service_id)
        .where(recipients.c.id == recipient_id, services.c.mode != Mode.DELETED)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    return Told(
        id=recipient_id,
        workspace_id=row["workspace_id"],
        address=row["address"],
        name=row["service_name"],
        is_confirmed=row["confirmed_at"] is not None,
    )


async def list_waiting(connection: AsyncConnection, told: Told) -> list[RecipientId]:
    """Return all lists of the workspace on which the same address waits to be confirmed."""
    query = select(recipients.c.id).where(
        recipients.c.workspace_id == told.workspace_id,
        recipients.c.address == told.address,
        recipients.c.confirmed_at.is_(None),
    )
    return [RecipientId(row[0]) for row in await connection.execute(query)]


async def list_deliveries(
    connection: AsyncConnection, member: Member, cut: Cut, platform: Platform
) -> list[Delivery]:
    """Return the messages of a workspace, newest first, and one more than asked for."""
    attempts = (
        select(func.count())
        .where(deliveries.c.outbox_id == outbox.c.id)
        .scalar_subquery()
        .label("attempts")
    )
    query = (
        select(outbox, services.c.name.label("service_name"), attempts)
        .outerjoin(services, services.c.id == outbox.c.service_id)
        .where(outbox.c.workspace_id == member.workspace_id)
        .order_by(outbox.c.id.desc())
        .limit(cut.limit + 1)
    )
    if cut.after is not None:
        query = query.where(outbox.c.id < cut.after[0])
    is_kept = platform.settings.smtp_url is None
    return [
        _show(row, body_text=_text_of(row, platform) if is_kept else None)
        for row in (await connection.execute(query)).mappings()
    ]


def _show(row: RowMapping, *, body_text: str | None) -> Delivery:
    return Delivery(
        id=row["id"],
        kind=row["kind"],
        service_id=row["service_id"],
        service_name=row["service_name"],
        to=row["address"],
        state=row["state"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        last_error=row["last_error"] or None,
        body_text=body_text,
    )


def _text_of(row: RowMapping, platform: Platform) -> str:
    """Write the message as it would have been mailed, without links that act for its reader."""
    notice = notice_from_row(row)
    links = LetterLinks(open=platform.links.of_notice(notice).open)
    written_at = notice.sent_at or platform.clock.now()
    letter = write_letter(notice, links, host=platform.settings.base_url, now=written_at)
    return render_text(letter)
