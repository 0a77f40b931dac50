"""Reads of one's own account."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.domain.profile import Theme
from allgreen.errors import NotSignedInError
from allgreen.server.accounts.schemas import (
    Account,
    AccountEvent,
    Identity,
    OpenSession,
)
from allgreen.server.auth import second_factor
from allgreen.server.auth.sessions import Session
from allgreen.server.wire import Cut, foreign_cursor
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.tables import account_events, accounts, identities, sessions


async def find_row(connection: AsyncConnection, account_id: str) -> dict[str, Any] | None:
    """Return all that is stored of an account; it holds secrets."""
    query = select(accounts).where(accounts.c.id == account_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)


async def get_row(connection: AsyncConnection, account_id: str) -> dict[str, Any]:
    """Return all that is stored of the account that is signed in; it holds secrets.

    Raises:
        NotSignedInError: The account is gone.
    """
    row = await find_row(connection, account_id)
    if row is None:
        raise NotSignedInError
    return row


async def load_account(connection: AsyncConnection, account_id: AccountId) -> Account:
    """Return what an account sees of itself.

    Raises:
        NotSignedInError: The account is gone.
    """
    row = await get_row(connection, account_id)
    return Account(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        email_verified=row["email_verified_at"] is not None,
        pending_email=row["pending_email"],
        has_password=row["password_hash"] is not None,
        two_factor_since=row["totp_since"],
        recovery_codes_left=await second_factor.count_recovery_codes(connection, account_id),
        theme=row["theme"] or Theme.SYSTEM,
        identities=await list_identities(connection, account_id),
        instance_admin=row["instance_admin"],
        created_at=row["created_at"],
    )


async def list_identities(connection: AsyncConnection, account_id: AccountId) -> list[Identity]:
    """Return the accounts elsewhere by which one signs in."""
    query = (
        select(identities.c.provider, identities.c.login, identities.c.created_at)
        .where(identities.c.account_id == account_id)
        .order_by(identities.c.provider, identities.c.created_at)
    )
    return [Identity(**row) for row in (await connection.execute(query)).mappings()]


async def list_sessions(
    connection: AsyncConnection, session: Session, now: datetime
) -> list[OpenSession]:
    """Return where the account of a session is signed in, the one used last first."""
    query = (
        select(sessions)
        .where(
            sessions.c.account_id == session.account_id,
            # Those that have run out are there until the next sign-in.
            sessions.c.expires_at > now,
        )
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.id.desc())
    )
    return [
        OpenSession(
            id=row["id"],
            device=row["device"],
            network=row["network"],
            created_at=row["created_at"],
            last_seen_at=row["last_seen_at"],
            current=row["id"] == session.id,
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def list_events(
    connection: AsyncConnection, account_id: AccountId, cut: Cut, cipher: Cipher
) -> list[AccountEvent]:
    """Return what happened to an account, newest first, and one more than asked for.

    It is numbered over all accounts, so the numbers leave only under seal.

    Raises:
        InvalidInputError: The cursor is not one of this list.
    """
    query = (
        select(account_events)
        .where(account_events.c.account_id == account_id)
        .order_by(account_events.c.id.desc())
        .limit(cut.limit + 1)
    )
    if cut.after is not None:
        number = cipher.open_number(account_id, cut.after[0])
        if number is None:
            raise foreign_cursor()
        query = query.where(account_events.c.id < number)
    return [
        AccountEvent(
            id=cipher.seal_number(account_id, row["id"]),
            at=row["at"],
            action=row["action"],
            summary=row["summary"],
            device=row["device"],
            network=row["network"],
        )
        for row in (await connection.execute(query)).mappings()
    ]
