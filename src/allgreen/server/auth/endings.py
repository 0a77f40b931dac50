"""What ends when an account is closed, locked or made safe again: sessions, keys, its lists."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import RowMapping, and_, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.facts import Facts
from allgreen.domain.identity import AccountId, RecipientId, WorkspaceId
from allgreen.domain.notice import NoticeKind, NoticeState
from allgreen.domain.policy import Role
from allgreen.domain.status import Mode
from allgreen.ports import AuditRow, Change
from allgreen.server.auth import second_factor
from allgreen.server.auth.errands import owe_errand
from allgreen.server.auth.names import full_name
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import (
    IS_OPEN,
    accounts,
    api_keys,
    identities,
    invitations,
    memberships,
    outbox,
    recipients,
    services,
    sessions,
    sign_ins,
    workspaces,
)
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def end_sessions(
    connection: AsyncConnection, account_id: AccountId, *, but: str | None = None
) -> None:
    """End all sessions of an account, except the one with the hash `but`."""
    others = sessions.c.account_id == account_id
    if but is not None:
        others = and_(others, sessions.c.id_hash != but)
    await connection.execute(delete(sessions).where(others))


async def end_keys(connection: AsyncConnection, account_id: AccountId) -> None:
    """End all keys of the API that an account has made, in all workspaces."""
    await connection.execute(delete(api_keys).where(api_keys.c.account_id == account_id))


async def wipe_unproven(connection: AsyncConnection, account_id: AccountId) -> None:
    """Take away all by which somebody could come back who never had the mailbox of an account.

    For the moment at which its address is proven: whoever made the account with an address of
    somebody else may have left sessions, keys, another way to sign in, or a second factor behind.
    """
    await end_sessions(connection, account_id)
    await end_keys(connection, account_id)
    await second_factor.drop(connection, account_id)
    await connection.execute(delete(identities).where(identities.c.account_id == account_id))
    await connection.execute(delete(sign_ins).where(sign_ins.c.account_id == account_id))
    await connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(pending_email=None)
    )


async def release_workspaces(
    connection: AsyncConnection, account_id: AccountId
) -> list[WorkspaceId]:
    """Let the workspaces of an account be watched, now that its address is proven.

    Returns:
        Those that were held; publish a change of each after the commit.
    """
    mine = select(memberships.c.workspace_id).where(memberships.c.account_id == account_id)
    # Also those that were deleted: nothing releases them any more when they are had back.
    held = and_(workspaces.c.id.in_(mine), workspaces.c.is_held)
    released = (await connection.execute(select(workspaces.c.id).where(held))).scalars().all()
    await connection.execute(
        update(workspaces).where(workspaces.c.id.in_(released)).values(is_held=False)
    )
    return [WorkspaceId(each) for each in released]


async def list_workspaces_of(
    connection: AsyncConnection, account_id: AccountId
) -> list[WorkspaceId]:
    """Return where an account is a member, in the order in which they are to be locked."""
    query = (
        select(memberships.c.workspace_id)
        .where(memberships.c.account_id == account_id)
        .order_by(memberships.c.workspace_id)
    )
    return [WorkspaceId(each) for each in (await connection.execute(query)).scalars()]


async def silence(
    platform: Platform,
    uow: SqlUnitOfWork,
    account_id: AccountId,
    address: str,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Tell an account nothing more of any service, and tell the owners so.

    Nobody is taken off a list without a word: else an outage would be told to nobody.

    Args:
        platform: What routes work with.
        uow: The transaction in which the account ends.
        account_id: Whose.
        address: Its address; what is still owed to it is cancelled.
        reason: Sentence for the owners.
        now: When.
    """
    mine = await list_workspaces_of(uow.connection, account_id)
    lost = await list_lost(uow.connection, account_id, address, mine)
    for row in lost:
        await uow.recipients.remove(RecipientId(row["id"]))
    # The history outlives the account, so its address does not stand there.
    await uow.audit.add(
        AuditRow(
            workspace_id=WorkspaceId(row["workspace_id"]),
            service_id=row["service_id"],
            at=now,
            action="recipient.lost",
            summary="a member is not told any more",
            by=None,
            before={"account_id": account_id},
        )
        for row in lost
    )
    await _cancel_letters(uow.connection, address)
    await tell_owners(platform, uow, account_id, lost, reason=reason)


async def withdraw(connection: AsyncConnection, account_id: AccountId, now: datetime) -> None:
    """Take back what an account has offered to others: invitations, and to own a workspace."""
    waiting = and_(
        invitations.c.invited_by == account_id,
        invitations.c.accepted_at.is_(None),
        invitations.c.revoked_at.is_(None),
    )
    invited = select(invitations.c.workspace_id, invitations.c.email).where(waiting)
    # Nobody gets a mail whose link is dead.
    await connection.execute(
        update(outbox)
        .where(IS_OPEN, outbox.c.kind == NoticeKind.INVITED)
        .where(tuple_(outbox.c.workspace_id, outbox.c.address).in_(invited))
        .values(state=NoticeState.CANCELLED)
    )
    await connection.execute(update(invitations).where(waiting).values(revoked_at=now))
    await connection.execute(
        update(workspaces)
        .where(or_(workspaces.c.offered_to == account_id, workspaces.c.offered_by == account_id))
        .values(offered_to=None, offered_by=None, offered_at=None)
    )


def announce(platform: Platform, workspace_ids: Iterable[WorkspaceId]) -> None:
    """Let answers that are kept, and streams that are open, look again who may see them."""
    platform.broker.publish(
        Change(workspace_id=each, kind="workspace", id=each) for each in workspace_ids
    )


async def list_lost(
    connection: AsyncConnection,
    account_id: AccountId,
    address: str,
    workspace_ids: Iterable[WorkspaceId],
) -> list[RowMapping]:
    """Return where a member is told of services in these workspaces, by account or by address."""
    query = (
        select(
            recipients.c.id,
            recipients.c.workspace_id,
            recipients.c.service_id,
            services.c.name.label("service_name"),
            workspaces.c.name.label("workspace_name"),
        )
        .join(services, services.c.id == recipients.c.service_id)
        .join(workspaces, workspaces.c.id == recipients.c.workspace_id)
        .where(
            services.c.mode != Mode.DELETED,
            recipients.c.workspace_id.in_(list(workspace_ids)),
            or_(recipients.c.account_id == account_id, recipients.c.address == address),
        )
        .order_by(services.c.name, recipients.c.id)
    )
    return list((await connection.execute(query)).mappings())


async def _cancel_letters(connection: AsyncConnection, address: str) -> None:
    """Cancel what is owed to a person, and not to a list on which they may stand elsewhere."""
    await connection.execute(
        update(outbox)
        .where(IS_OPEN, outbox.c.address == address, outbox.c.recipient_id.is_(None))
        .values(state=NoticeState.CANCELLED)
    )


async def tell_owners(
    platform: Platform,
    uow: SqlUnitOfWork,
    account_id: AccountId,
    lost: Iterable[RowMapping],
    *,
    reason: str,
) -> None:
    """Owe each owner one letter for each workspace, however many services it is about.

    Args:
        platform: What routes work with.
        uow: The transaction in which somebody is taken off.
        account_id: Whose account it is; it is there still.
        lost: Of which services they were told; see `list_lost`.
        reason: Sentence for the owners.
    """
    query = select(full_name()).where(accounts.c.id == account_id)
    name = str(await uow.connection.scalar(query))
    by_workspace: dict[WorkspaceId, list[RowMapping]] = defaultdict(list)
    for row in lost:
        by_workspace[WorkspaceId(row["workspace_id"])].append(row)
    for workspace_id, rows in by_workspace.items():
        facts = Facts(
            service_name=_sum_up([row["service_name"] for row in rows]),
            workspace_name=rows[0]["workspace_name"],
            # The name, not the address: admins read the messages of the workspace.
            address=name,
            reason=reason,
        )
        for owner in await _list_other_owners(uow.connection, workspace_id, account_id):
            await owe_errand(
                platform,
                uow,
                NoticeKind.RECIPIENT_LOST,
                owner,
                facts=facts,
                workspace_id=workspace_id,
            )


async def _list_other_owners(
    connection: AsyncConnection, workspace_id: WorkspaceId, account_id: AccountId
) -> list[str]:
    """Return the addresses of the owners; of the admins, where no other owner is left."""
    query = (
        select(accounts.c.email, memberships.c.role)
        .join(memberships, memberships.c.account_id == accounts.c.id)
        .where(
            memberships.c.workspace_id == workspace_id,
            memberships.c.role.in_([Role.OWNER, Role.ADMIN]),
            accounts.c.id != account_id,
            accounts.c.disabled_at.is_(None),
        )
        .order_by(accounts.c.email)
    )
    found = (await connection.execute(query)).all()
    owners = [email for email, role in found if role is Role.OWNER]
    return owners or [email for email, _ in found]


def _sum_up(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    others = len(names) - 1
    return f"{names[0]} and {others} other {'service' if others == 1 else 'services'}"
