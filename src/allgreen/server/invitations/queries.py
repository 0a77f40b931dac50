"""Reads of invitations."""

from datetime import datetime

from sqlalchemy import RowMapping, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Role
from allgreen.errors import NotFoundError
from allgreen.server.auth.access import Member
from allgreen.server.auth.invitations import IS_WAITING, invitations_with_names
from allgreen.server.auth.queries import is_id
from allgreen.server.invitations.schemas import Invitation
from allgreen.server.wire import Cut
from allgreen.storage.sql.tables import accounts, invitations, memberships, outbox, workspaces

_ASKS = (NoticeKind.INVITED, NoticeKind.CONFIRM_RECIPIENT)
"""Mails to addresses that nobody has confirmed to be told at."""


async def list_waiting(
    connection: AsyncConnection, member: Member, cut: Cut, now: datetime
) -> list[Invitation]:
    """Return the invitations that wait, and one more than asked for when there are more."""
    query = (
        invitations_with_names()
        .where(invitations.c.workspace_id == member.workspace_id, *IS_WAITING)
        .order_by(invitations.c.id.desc())
        .limit(cut.limit + 1)
    )
    if member.role is not Role.OWNER:
        query = query.where(invitations.c.role == Role.OBSERVER)
    if cut.after is not None:
        query = query.where(invitations.c.id < cut.after[0])
    return [show_invitation(row, now) for row in (await connection.execute(query)).mappings()]


async def get_waiting(
    connection: AsyncConnection, workspace_id: WorkspaceId, invitation_id: str
) -> RowMapping:
    """Return an invitation of a workspace.

    Raises:
        NotFoundError: There is none that waits.
    """
    row: RowMapping | None = None
    if is_id(invitation_id):
        query = invitations_with_names().where(
            invitations.c.id == invitation_id,
            invitations.c.workspace_id == workspace_id,
            *IS_WAITING,
        )
        row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("invitation")
    return row


def show_invitation(row: RowMapping, now: datetime) -> Invitation:
    """Return an invitation as those see it who send it."""
    return Invitation(
        id=row["id"],
        email=row["email"],
        role=row["role"],
        invited_by=row["inviter_name"],
        sent_at=row["sent_at"],
        expires_at=row["expires_at"],
        is_expired=row["expires_at"] <= now,
    )


async def admins_may_invite(connection: AsyncConnection, workspace_id: WorkspaceId) -> bool:
    """Tell whether the owners let admins invite observers."""
    query = select(workspaces.c.admins_may_invite).where(workspaces.c.id == workspace_id)
    return bool(await connection.scalar(query))


async def is_member(connection: AsyncConnection, workspace_id: WorkspaceId, email: str) -> bool:
    """Tell whether a member of a workspace has an address."""
    query = select(
        exists().where(
            memberships.c.workspace_id == workspace_id,
            memberships.c.account_id == accounts.c.id,
            accounts.c.email == email,
        )
    )
    return bool(await connection.scalar(query))


async def load_sendings_since(
    connection: AsyncConnection, account_id: AccountId, since: datetime
) -> tuple[int, datetime | None]:
    """Return how often somebody sent invitations of late, and when the first of them went."""
    query = select(
        func.coalesce(func.sum(invitations.c.sendings), 0), func.min(invitations.c.sent_at)
    )
    lately = query.where(invitations.c.invited_by == account_id, invitations.c.sent_at > since)
    count, first = (await connection.execute(lately)).one()
    return int(count), first


async def load_questions_since(
    connection: AsyncConnection, address: str, since: datetime
) -> tuple[int, datetime | None]:
    """Return how many mails that nobody asked for an address was owed, over all workspaces."""
    query = select(func.count(), func.min(outbox.c.created_at)).where(
        outbox.c.address == address, outbox.c.kind.in_(_ASKS), outbox.c.created_at > since
    )
    count, first = (await connection.execute(query)).one()
    return int(count), first
