"""Writes: accounts, their first workspace, and sessions."""

from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.domain.profile import Visibility
from allgreen.storage.sql.tables import accounts, memberships, profiles, sessions, workspaces
from allgreen.storage.sql.types import storable


async def add_account(
    connection: AsyncConnection,
    *,
    account_id: AccountId,
    name: str,
    email: str,
    password_hash: str | None,
    now: datetime,
    is_instance_admin: bool = False,
    is_verified: bool = False,
) -> None:
    """Store a new account; without a password it signs in by a provider."""
    await connection.execute(
        insert(accounts).values(
            id=account_id,
            email=email,
            name=name,
            password_hash=password_hash,
            email_verified_at=now if is_verified else None,
            instance_admin=is_instance_admin,
            created_at=now,
        )
    )


async def add_surname(connection: AsyncConnection, account_id: AccountId, surname: str) -> None:
    """Store the surname of a new account, in a profile that is otherwise empty."""
    empty = dict.fromkeys(("pronouns", "city", "bio", "github", "linkedin", "website"), "")
    await connection.execute(
        insert(profiles).values(
            account_id=account_id, surname=surname, visibility=Visibility.WORKSPACE, **empty
        )
    )


async def add_workspace(
    connection: AsyncConnection,
    *,
    workspace_id: WorkspaceId,
    name: str,
    owner_id: AccountId,
    is_held: bool,
    now: datetime,
) -> None:
    """Store a new workspace with its first owner.

    While it is held nothing is probed for it: until somebody in it has a verified address.
    """
    await connection.execute(
        insert(workspaces).values(
            id=workspace_id, name=name, zone="UTC", is_held=is_held, created_at=now
        )
    )
    await connection.execute(
        insert(memberships).values(
            account_id=owner_id, workspace_id=workspace_id, role=Role.OWNER, created_at=now
        )
    )


async def add_session(
    connection: AsyncConnection,
    *,
    id_hash: str,
    session_id: str,
    account_id: AccountId,
    device: str,
    network: str,
    keep: bool,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a new session, and drop those of the account that have run out."""
    await connection.execute(
        delete(sessions).where(sessions.c.account_id == account_id, sessions.c.expires_at <= now)
    )
    await connection.execute(
        insert(sessions).values(
            id_hash=id_hash,
            id=session_id,
            account_id=account_id,
            device=device,
            network=network,
            keep=keep,
            proved_at=now,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
    )


async def touch_session(
    connection: AsyncConnection, id_hash: str, now: datetime, expires_at: datetime
) -> None:
    """Note that a session was used."""
    await connection.execute(
        update(sessions)
        .where(sessions.c.id_hash == id_hash)
        .values(last_seen_at=now, expires_at=expires_at)
    )


async def prove_session(
    connection: AsyncConnection, id_hash: str, new_hash: str, now: datetime
) -> bool:
    """Move a session to another token as of now; tell whether it was still there."""
    moved = await connection.execute(
        update(sessions)
        .where(sessions.c.id_hash == id_hash)
        .values(id_hash=new_hash, proved_at=now, last_seen_at=now)
    )
    return moved.rowcount == 1


async def end_own_session(
    connection: AsyncConnection, account_id: AccountId, session_id: str
) -> bool:
    """End a session by the id under which it is listed; tell whether the account had it."""
    ended = await connection.execute(
        delete(sessions).where(
            sessions.c.account_id == account_id, sessions.c.id == storable(session_id)
        )
    )
    return ended.rowcount == 1


async def delete_session(connection: AsyncConnection, id_hash: str) -> None:
    """End a session."""
    await connection.execute(delete(sessions).where(sessions.c.id_hash == id_hash))
