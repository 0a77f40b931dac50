"""What was still to be told when a workspace was deleted, and is told once it is had back.

Nobody may be left with an outage of which they never heard, or of which they never hear the end.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Update, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.watcher import LONGEST_SPREAD
from allgreen.server.auth.invitations import IS_WAITING
from allgreen.server.auth.memberships import cancel_messages
from allgreen.storage.sql.tables import accounts, invitations, memberships, outbox, recipients

LOOK_FIRST: Final = LONGEST_SPREAD + timedelta(seconds=30)
"""So long it waits: within it each service is looked at anew, and an outage that is over is told
as one that is over."""
_WHY: Final = "The workspace was deleted."
_STALE: Final = (NoticeKind.OFFERED, NoticeKind.REMINDER)
"""The offer is void; and that an outage goes on is told anew when it is time."""


async def hold_back(connection: AsyncConnection, workspace_id: WorkspaceId) -> None:
    """Cancel all that is owed for a workspace, in a way that `say` recognises."""
    await cancel_messages(connection, workspace_id, reason=_WHY)


async def say(connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime) -> None:
    """Owe again what was held back, to those who may still hear it."""
    owed_again = (
        update(outbox)
        .where(outbox.c.workspace_id == workspace_id, outbox.c.state == NoticeState.CANCELLED)
        .where(outbox.c.last_error == _WHY, outbox.c.kind.not_in(_STALE))
        .values(state=NoticeState.PENDING, due_at=now + LOOK_FIRST, last_error="")
    )
    await connection.execute(_to_lists(owed_again, now))
    await connection.execute(_to_people(owed_again, workspace_id, now))


def _to_lists(owed_again: Update, now: datetime) -> Update:
    """Narrow it to those who are on the list of a service, wherever they are told by now.

    As if it were owed only now: else one that fails could be too old to be tried again. When it
    was that something happened stands in the facts.
    """
    listed = recipients.c.id == outbox.c.recipient_id
    address = select(recipients.c.address).where(listed).scalar_subquery()
    return owed_again.where(exists().where(listed)).values(
        address=address, created_at=now, failed_at=None
    )


def _to_people(owed_again: Update, workspace_id: WorkspaceId, now: datetime) -> Update:
    """Narrow it to members, and to those who are invited."""
    is_member = exists().where(
        memberships.c.workspace_id == workspace_id,
        memberships.c.account_id == accounts.c.id,
        accounts.c.email == outbox.c.address,
        accounts.c.disabled_at.is_(None),
    )
    is_invited = exists().where(
        invitations.c.workspace_id == workspace_id,
        invitations.c.email == outbox.c.address,
        invitations.c.expires_at > now,
        *IS_WAITING,
    )
    invites = outbox.c.kind == NoticeKind.INVITED
    return owed_again.where(
        outbox.c.recipient_id.is_(None),
        or_(and_(~invites, is_member), and_(invites, is_invited)),
    )
