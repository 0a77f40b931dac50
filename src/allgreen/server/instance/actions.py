"""Writes: what who runs this Allgreen does to the accounts of others."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Permission
from allgreen.errors import NotAllowedError
from allgreen.ports import AuditRow
from allgreen.server.auth import endings, second_factor
from allgreen.server.auth.admins import lock_admins, refuse_without_admin
from allgreen.server.auth.errands import tell_change
from allgreen.server.auth.events import note_event
from allgreen.server.auth.sessions import Client, Session
from allgreen.server.instance import queries
from allgreen.server.instance.schemas import ListedAccount
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts, api_keys
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

_ADMIN: Final = Client(address="", device="Who runs this Allgreen")
"""In the history of the account that is touched: where an admin sits is nobody else's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that an admin does to an account.

    Attributes:
        action: Stable word, such as ``account.disabled``.
        told: What the owner is told, as the end of a sentence.
        noted: What the history of the admin says, before the address.
        work: Does it.
    """

    action: str
    told: str
    noted: str
    work: Callable[[Platform, SqlUnitOfWork, ListedAccount], Awaitable[None]]


async def act(
    platform: Platform, session: Session, account_id: str, doing: Act, client: Client
) -> ListedAccount:
    """Do something to an account, note it for both, and tell its owner.

    Raises:
        ProofNeededError: Who is asking must show that it is them.
        NotAllowedError: Somebody has just disabled who is asking.
        NotFoundError: There is no such account.
        InvalidInputError: Nobody would run this Allgreen any more.
    """
    now = platform.clock.now()
    session.require_proof(now)
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        if session.account_id not in await lock_admins(connection):
            raise NotAllowedError(Permission.INSTANCE)
        account = await queries.get_account(connection, account_id)
        whose = AccountId(account.id)
        await doing.work(platform, uow, account)
        await tell_change(
            platform, uow, whose, account.email, doing.action, doing.told, client=_ADMIN
        )
        await note_event(
            connection,
            session.account_id,
            f"instance.{doing.action}",
            f"{doing.noted} {account.email}",
            client=client,
            now=now,
        )
        workspace_ids = await endings.list_workspaces_of(connection, whose)
        after = await queries.get_account(connection, account_id)
        await uow.commit()
    platform.wake_dispatcher()
    endings.announce(platform, workspace_ids)
    return after


async def _disable(platform: Platform, uow: SqlUnitOfWork, account: ListedAccount) -> None:
    connection, account_id, now = uow.connection, AccountId(account.id), platform.clock.now()
    await refuse_without_admin(connection, account_id)
    await connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.disabled_at.is_(None))
        .values(disabled_at=now, pending_email=None)
    )
    await endings.end_sessions(connection, account_id)
    await endings.end_keys(connection, account_id)
    reason = "Their account was disabled by who runs this Allgreen."
    await endings.silence(platform, uow, account_id, account.email, reason=reason, now=now)
    await endings.withdraw(connection, account_id, now)


async def _enable(_platform: Platform, uow: SqlUnitOfWork, account: ListedAccount) -> None:
    await uow.connection.execute(
        update(accounts).where(accounts.c.id == account.id).values(disabled_at=None)
    )


async def _end_sessions(_platform: Platform, uow: SqlUnitOfWork, account: ListedAccount) -> None:
    await endings.end_sessions(uow.connection, AccountId(account.id))


async def _reset_two_factor(
    _platform: Platform, uow: SqlUnitOfWork, account: ListedAccount
) -> None:
    await second_factor.drop(uow.connection, AccountId(account.id))
    await endings.end_sessions(uow.connection, AccountId(account.id))


async def _revoke_keys(platform: Platform, uow: SqlUnitOfWork, account: ListedAccount) -> None:
    connection, account_id = uow.connection, AccountId(account.id)
    query = select(api_keys).where(api_keys.c.account_id == account_id).order_by(api_keys.c.id)
    keys = (await connection.execute(query)).mappings().all()
    await endings.end_keys(connection, account_id)
    # Who runs this Allgreen is no member: the history of a workspace names no person for it.
    await uow.audit.add(
        AuditRow(
            workspace_id=WorkspaceId(key["workspace_id"]),
            at=platform.clock.now(),
            action="key.revoked",
            summary=f"the key {key['name']} (…{key['hint']}) of {account.name} was revoked by who "
            "runs this Allgreen",
        )
        for key in keys
    )


DISABLE: Final = Act(
    action="account.disabled",
    told="your account was disabled by who runs this Allgreen",
    noted="disabled the account of",
    work=_disable,
)
ENABLE: Final = Act(
    action="account.enabled",
    told="your account was enabled again by who runs this Allgreen",
    noted="enabled the account of",
    work=_enable,
)
END_SESSIONS: Final = Act(
    action="account.sessions_ended",
    told="all your sessions were ended by who runs this Allgreen",
    noted="ended all sessions of",
    work=_end_sessions,
)
REVOKE_KEYS: Final = Act(
    action="account.keys_revoked",
    told="all your keys of the API were revoked by who runs this Allgreen",
    noted="revoked all keys of",
    work=_revoke_keys,
)
RESET_TWO_FACTOR: Final = Act(
    action="account.two_factor_reset",
    told="your second factor was removed by who runs this Allgreen",
    noted="removed the second factor of",
    work=_reset_two_factor,
)
