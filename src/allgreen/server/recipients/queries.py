"""Reads: what was sent to whom, and whom a link in a mail is for."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import RowMapping, false, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, RecipientId, WorkspaceId
from allgreen.domain.mailing import is_digest
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.domain.status import Mode
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.rendering import render_text
from allgreen.notifiers.stationery import Letter, LetterLinks
from allgreen.server.auth.access import Member
from allgreen.server.auth.names import full_name
from allgreen.server.auth.queries import is_id
from allgreen.server.platform import Platform
from allgreen.server.recipients.schemas import Delivery, DeliveryForm, DeliveryState
from allgreen.server.views.queries import WAS_KEPT
from allgreen.server.wire import Cut
from allgreen.storage.sql.rows import notice_from_row
from allgreen.storage.sql.tables import (
    accounts,
    deliveries,
    memberships,
    outbox,
    recipients,
    services,
)


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
    connection: AsyncConnection,
    member: Member,
    cut: Cut,
    platform: Platform,
    *,
    incident_id: str | None = None,
) -> list[Delivery]:
    """Return the messages of a workspace, newest first, and one more than asked for.

    Those about one outage, if asked.
    """
    query = (
        select(
            outbox,
            services.c.name.label("service_name"),
            _ATTEMPTS.label("attempts"),
            WAS_KEPT.label("was_kept"),
        )
        .outerjoin(services, services.c.id == outbox.c.service_id)
        .where(outbox.c.workspace_id == member.workspace_id)
        .order_by(outbox.c.id.desc())
        .limit(cut.limit + 1)
    )
    if cut.after is not None:
        query = query.where(outbox.c.id < cut.after[0])
    if incident_id is not None:
        # What can be no id of ours is in no message.
        query = query.where(outbox.c.incident_id == incident_id if is_id(incident_id) else false())
    rows = (await connection.execute(query)).mappings().all()
    readers = _Readers(member=member, members=await _load_members(connection, member.workspace_id))
    return [_show(row, readers, platform) for row in rows]


async def _load_members(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> dict[AccountId, tuple[str, str]]:
    """Return name and address of the members."""
    query = (
        select(accounts.c.id, full_name().label("name"), accounts.c.email)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id)
    )
    return {AccountId(row[0]): (row[1], row[2]) for row in await connection.execute(query)}


_ATTEMPTS = (
    select(func.count()).where(deliveries.c.outbox_id == outbox.c.id).correlate(outbox)
).scalar_subquery()

_TO_PEOPLE = (
    *(NoticeKind.INVITED, NoticeKind.OFFERED, NoticeKind.ROLE_CHANGED),
    *(NoticeKind.RECIPIENT_LOST, NoticeKind.UNDELIVERED, NoticeKind.KEY_MADE),
    *(NoticeKind.BLOCKED, NoticeKind.PARKED),
)
"""Messages to those who are, were or may become members."""

_STATES = {
    NoticeState.PENDING: DeliveryState.WAITING,
    NoticeState.LEASED: DeliveryState.WAITING,
    NoticeState.HELD: DeliveryState.WAITING,
    NoticeState.SENT: DeliveryState.SENT,
    NoticeState.DEAD: DeliveryState.GIVEN_UP,
    NoticeState.CANCELLED: DeliveryState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readers:
    """Whom messages go to, as far as the caller may know."""

    member: Member
    members: Mapping[AccountId, tuple[str, str]]

    def name(self, row: RowMapping) -> str | None:
        """Return the name of the member who is told, if it is one."""
        account_id = self._account_of(row)
        return self.members[account_id][0] if account_id else None

    def address(self, row: RowMapping) -> str | None:
        """Return where the message goes; addresses of members are for owners and themselves."""
        account_id, member = self._account_of(row), self.member
        # Also of those who left since, or have another address by now.
        is_of_people = row["kind"] in _TO_PEOPLE or bool(row["facts"].get("to_member"))
        is_stranger = account_id is None and not is_of_people
        is_own = account_id == member.account_id
        is_shown = is_stranger or is_own or member.role is Role.OWNER
        return str(row["address"]) if is_shown else None

    def _account_of(self, row: RowMapping) -> AccountId | None:
        # Not by the recipient: who has left the list has none any more, and stays a member.
        same = (id_ for id_, (_, email) in self.members.items() if email == row["address"])
        return next(same, None)


def _show(row: RowMapping, readers: _Readers, platform: Platform) -> Delivery:
    letter = _letter_of(row, platform)
    return Delivery(
        id=row["id"],
        kind=row["kind"],
        service_id=row["service_id"],
        service_name=row["service_name"],
        incident_id=row["incident_id"],
        to=readers.address(row),
        to_name=readers.name(row),
        state=DeliveryState.KEPT if row["was_kept"] else _STATES[row["state"]],
        form=_form_of(row["batch"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        last_error=row["last_error"] or None,
        subject=letter.subject,
        body_text=render_text(letter),
    )


def _form_of(batch: str | None) -> DeliveryForm:
    if batch is None:
        return DeliveryForm.ALONE
    return DeliveryForm.DIGEST if is_digest(batch) else DeliveryForm.MERGED


def _letter_of(row: RowMapping, platform: Platform) -> Letter:
    """Write the message as it is mailed, without links that act for its reader."""
    notice = notice_from_row(row)
    links = LetterLinks(open=platform.links.of_notice(notice).open)
    written_at = notice.sent_at or platform.clock.now()
    return write_letter(notice, links, host=platform.settings.base_url, now=written_at)
