"""Memberships: changed by one at a time in each workspace, and ended with all that hangs on them."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.commands import RemoveRecipient
from allgreen.domain.events import Event
from allgreen.domain.identity import AccountId, RecipientId, WorkspaceId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.errors import InvalidInputError
from allgreen.server.auth import endings
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.queries import is_id
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import (
    IS_OPEN,
    accounts,
    api_keys,
    invitations,
    memberships,
    outbox,
    recipients,
    workspaces,
)
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def in_turn(access: Access, connection: AsyncConnection, workspace_id: str) -> Member:
    """Return the caller as a member, in a transaction in which nobody else changes the members.

    Raises:
        NotFoundError: There is no such workspace among the caller's.
        NotAllowedError: The role does not allow what the route does.
    """
    # Looked up twice: a stranger holds nobody up, and what was true before the turn may have ended.
    member = await access.workspace(connection, workspace_id)
    await lock_workspace(connection, member.workspace_id)
    return await access.workspace(connection, workspace_id)


async def lock_workspace(connection: AsyncConnection, workspace_id: str) -> None:
    """Wait until nobody else changes the members of a workspace, and keep others waiting.

    Of two owners who leave at once each would see the other one stay. SQLite has one writer anyhow.
    """
    if not is_id(workspace_id):
        return
    query = select(workspaces.c.id).where(workspaces.c.id == workspace_id)
    # Not the stronger lock: what is stored with a reference to the workspace must not wait.
    await connection.execute(query.with_for_update(key_share=True))


async def end_membership(
    platform: Platform,
    uow: SqlUnitOfWork,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    now: datetime,
    *,
    reason: str,
) -> list[Event]:
    """End a membership, with keys, messages, invitations and offers; announce the events later.

    Call it after `in_turn` or `lock_workspace`. The owners are told, by `reason`, of which services
    they who go are told no more: else an outage would be told to nobody.

    Raises:
        InvalidInputError: Nobody would own the workspace any more.
    """
    connection = uow.connection
    await _delete(connection, workspace_id, account_id)
    await connection.execute(
        delete(api_keys).where(
            api_keys.c.workspace_id == workspace_id, api_keys.c.account_id == account_id
        )
    )
    query = select(accounts.c.email).where(accounts.c.id == account_id)
    address = str(await connection.scalar(query))
    lost = await endings.list_lost(connection, account_id, address, [workspace_id])
    events = await _unsubscribe(platform, uow, workspace_id, account_id, address, now)
    await cancel_messages(connection, workspace_id, address)
    await endings.tell_owners(platform, uow, account_id, lost, reason=reason)
    await _revoke_invitations_by(connection, workspace_id, account_id, now)
    offered = or_(workspaces.c.offered_to == account_id, workspaces.c.offered_by == account_id)
    await void_offer(connection, workspace_id, offered)
    return events


async def void_offer(
    connection: AsyncConnection, workspace_id: WorkspaceId, *conditions: ColumnElement[bool]
) -> bool:
    """Take back the offer to own a workspace, and tell whether there was one."""
    void = (
        update(workspaces)
        .where(workspaces.c.id == workspace_id, workspaces.c.offered_to.is_not(None), *conditions)
        .values(offered_to=None, offered_by=None, offered_at=None)
    )
    return (await connection.execute(void)).rowcount > 0


async def cancel_messages(
    connection: AsyncConnection,
    workspace_id: WorkspaceId,
    address: str | None = None,
    kind: NoticeKind | None = None,
    *,
    reason: str | None = None,
) -> None:
    """Cancel what is owed for a workspace, to one address or of one kind where that is given.

    The reason is shown to those who read the messages of the workspace.
    """
    conditions = [outbox.c.workspace_id == workspace_id]
    if address is not None:
        conditions.append(outbox.c.address == address)
    if kind is not None:
        conditions.append(outbox.c.kind == kind)
    # Also what is being sent now: should it fail, it is not tried again.
    cancel = update(outbox).where(IS_OPEN, *conditions).values(state=NoticeState.CANCELLED)
    if reason is not None:
        cancel = cancel.values(last_error=reason)
    await connection.execute(cancel)


async def list_owners(connection: AsyncConnection, workspace_id: WorkspaceId) -> list[str]:
    """Return the addresses of the owners who can sign in."""
    query = (
        select(accounts.c.email)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(memberships.c.workspace_id == workspace_id, memberships.c.role == Role.OWNER)
        .where(accounts.c.disabled_at.is_(None))
        .order_by(accounts.c.email)
    )
    return list((await connection.execute(query)).scalars())


async def _delete(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: AccountId
) -> None:
    """Delete the row, unless it is of the last owner who can sign in."""
    other = memberships.alias("other")
    another_owner = exists().where(
        other.c.workspace_id == memberships.c.workspace_id,
        other.c.account_id != memberships.c.account_id,
        other.c.role == Role.OWNER,
        accounts.c.id == other.c.account_id,
        accounts.c.disabled_at.is_(None),
    )
    gone = delete(memberships).where(
        memberships.c.account_id == account_id,
        memberships.c.workspace_id == workspace_id,
        or_(memberships.c.role != Role.OWNER, another_owner),
    )
    if (await connection.execute(gone)).rowcount == 0:
        raise InvalidInputError.at(
            "",
            "last_owner",
            "A workspace keeps at least one owner. Hand it over to another member first, or "
            "delete the workspace.",
        )


async def _unsubscribe(
    platform: Platform,
    uow: SqlUnitOfWork,
    workspace_id: WorkspaceId,
    account_id: AccountId,
    address: str,
    now: datetime,
) -> list[Event]:
    theirs = or_(recipients.c.account_id == account_id, recipients.c.address == address)
    query = (
        select(recipients.c.id)
        .where(recipients.c.workspace_id == workspace_id, theirs)
        .order_by(recipients.c.id)
    )
    events: list[Event] = []
    for recipient_id in (await uow.connection.execute(query)).scalars().all():
        command = RemoveRecipient(recipient_id=RecipientId(recipient_id), at=now)
        events += await platform.bus.handle(command, uow)
    return events


async def _revoke_invitations_by(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: AccountId, now: datetime
) -> None:
    waiting = and_(
        invitations.c.workspace_id == workspace_id,
        invitations.c.invited_by == account_id,
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
    )
    addresses = (await connection.execute(select(invitations.c.email).where(waiting))).scalars()
    for address in addresses.all():
        await cancel_messages(connection, workspace_id, address, NoticeKind.INVITED)
    await connection.execute(update(invitations).where(waiting).values(revoked_at=now))
