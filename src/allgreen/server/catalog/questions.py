"""Questions to strangers: whether they want to be told, before they are told anything.

Whoever names an address makes Allgreen write to it. So only people with a proven address may, an
address is asked once a day however many name it, and nobody asks hundreds of them.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from allgreen.domain.facts import Facts
from allgreen.domain.identity import OutboxId
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.domain.service import Recipient
from allgreen.errors import FieldProblem, InvalidInputError
from allgreen.server import limits
from allgreen.server.auth.access import Member
from allgreen.server.catalog import queries
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import outbox
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


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
        TooManyError: The member asked many addresses within a day.
    """
    pending = [recipient for recipient in recipients if recipient.confirmed_at is None]
    if not pending:
        return
    if await queries.is_held(uow.connection, member.workspace_id):
        raise _unverified(recipients)
    owed = await _leave_out_known(uow, pending, now)
    for _ in owed:
        platform.limits.count(
            limits.QUESTIONS_PER_ACCOUNT,
            member.account_id,
            message="You named many new addresses today. Name the next one tomorrow, or invite "
            "people into the workspace.",
        )
    workspace_name = await uow.workspaces.name(member.workspace_id)
    facts = Facts(service_name=service_name, workspace_name=workspace_name).to_json()
    await uow.outbox.add(
        Notice(
            id=OutboxId(platform.new_id()),
            key=_key(recipient.address, now),
            kind=NoticeKind.CONFIRM_RECIPIENT,
            channel=Channel.EMAIL,
            address=recipient.address,
            workspace_id=recipient.workspace_id,
            service_id=recipient.service_id,
            recipient_id=recipient.id,
            facts=facts,
            created_at=now,
            due_at=now,
        )
        for recipient in owed
    )


async def _leave_out_known(
    uow: SqlUnitOfWork, pending: Sequence[Recipient], now: datetime
) -> list[Recipient]:
    """Return those who were not asked today: who is on many lists is counted once."""
    keys = {_key(recipient.address, now): recipient for recipient in pending}
    query = select(outbox.c.key).where(outbox.c.key.in_(keys))
    known = set((await uow.connection.execute(query)).scalars())
    return [recipient for key, recipient in keys.items() if key not in known]


def _key(address: str, now: datetime) -> str:
    # Unique over the whole instance: an address gets at most one question a day, whoever enters
    # it into however many services.
    digest = hashlib.sha256(address.encode()).hexdigest()[:32]
    return f"{NoticeKind.CONFIRM_RECIPIENT}/{digest}/{now:%Y-%m-%d}"


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
