"""Questions to strangers: whether they want to be told, before they are told anything.

Whoever names an address makes Allgreen write to it. So only people with a proven address may, an
address is asked once a day however many name it, and nobody asks hundreds of them. Who is named by
several workspaces is asked by each, one after the other: none can keep another from being heard.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId
from allgreen.domain.notice import Channel, Notice, NoticeKind, NoticeState
from allgreen.domain.service import Recipient
from allgreen.errors import FieldProblem, InvalidInputError
from allgreen.server import limits
from allgreen.server.auth.access import Member
from allgreen.server.auth.admins import is_admin
from allgreen.server.catalog import queries
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import outbox
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

_APART: Final = timedelta(days=1)
"""So long after one question an address gets the next."""
_LATEST: Final = timedelta(days=3)
"""A question that would go out later is not owed: its link would hardly live any more."""


async def ask_strangers(
    platform: Platform,
    uow: SqlUnitOfWork,
    member: Member,
    recipients: Sequence[Recipient],
    *,
    service_name: str,
    now: datetime,
) -> None:
    """Owe each address that has not confirmed one question a day, and no alert before its yes.

    Args:
        platform: What routes work with.
        uow: The transaction in which they are listed.
        member: Who lists them.
        recipients: All who are to be told, in the order of the form.
        service_name: Of what they are told.
        now: When.

    Raises:
        InvalidInputError: Nobody in the workspace has a proven address.
        TooManyError: The member asked many addresses within a day; whose machine it is may.
    """
    pending = [recipient for recipient in recipients if recipient.confirmed_at is None]
    if not pending:
        return
    if await queries.is_held(uow.connection, member.workspace_id):
        raise _unverified(recipients)
    owed = await _leave_out_known(uow, pending, now)
    due = await _find_turns(uow, (recipient.address for recipient in owed), now)
    if owed and not await is_admin(uow.connection, member.account_id):
        for _ in owed:
            platform.limits.count(
                limits.QUESTIONS_PER_ACCOUNT,
                member.account_id,
                message="You named many new addresses today. Name the next one tomorrow, or "
                "invite people into the workspace.",
            )
    workspace_name = await uow.workspaces.name(member.workspace_id)
    facts = Facts(service_name=service_name, workspace_name=workspace_name).to_json()
    await uow.outbox.add(
        Notice(
            id=OutboxId(platform.new_id()),
            key=_key(recipient, now),
            kind=NoticeKind.CONFIRM_RECIPIENT,
            channel=Channel.EMAIL,
            address=recipient.address,
            workspace_id=recipient.workspace_id,
            service_id=recipient.service_id,
            recipient_id=recipient.id,
            facts=facts,
            created_at=now,
            due_at=due[recipient.address],
        )
        for recipient in owed
        if due[recipient.address] <= now + _LATEST
    )


async def _leave_out_known(
    uow: SqlUnitOfWork, pending: Sequence[Recipient], now: datetime
) -> list[Recipient]:
    """Return whom the workspace did not ask today: who is on many lists is counted once."""
    keys = {_key(recipient, now): recipient for recipient in pending}
    query = select(outbox.c.key).where(outbox.c.key.in_(keys))
    known = set((await uow.connection.execute(query)).scalars())
    return [recipient for key, recipient in keys.items() if key not in known]


async def _find_turns(
    uow: SqlUnitOfWork, addresses: Iterable[str], now: datetime
) -> dict[str, datetime]:
    """Return when each address may be asked: over the whole instance, not twice within a day."""
    turns = dict.fromkeys(addresses, now)
    query = (
        select(outbox.c.address, func.max(outbox.c.due_at))
        .where(
            outbox.c.address.in_(turns),
            outbox.c.kind == NoticeKind.CONFIRM_RECIPIENT,
            outbox.c.state != NoticeState.CANCELLED,
        )
        .group_by(outbox.c.address)
    )
    for address, latest in await uow.connection.execute(query):
        turns[address] = max(now, latest + _APART)
    return turns


def _key(recipient: Recipient, now: datetime) -> str:
    # A workspace asks an address at most once a day, into however many services it is entered.
    digest = hashlib.sha256(recipient.address.encode()).hexdigest()[:32]
    return f"{NoticeKind.CONFIRM_RECIPIENT}/{recipient.workspace_id}/{digest}/{now:%Y-%m-%d}"


def _unverified(recipients: Sequence[Recipient]) -> InvalidInputError:
    message = (
        "Verify your own address first: open the link in the mail that was sent. Then others can "
        "be told too."
    )
    return InvalidInputError(
        FieldProblem(field=f"recipients.{place}.email", code="unverified", message=message)
        for place, recipient in enumerate(recipients)
        if recipient.confirmed_at is None
    )
