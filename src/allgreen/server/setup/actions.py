"""Writes of the first run."""

import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.server.auth import queries as people
from allgreen.server.auth.actions import add_account, add_surname, add_workspace
from allgreen.server.auth.me import load_me
from allgreen.server.auth.schemas import Me
from allgreen.server.auth.sessions import Client, hash_of, open_session
from allgreen.server.passwords import find_weakness
from allgreen.server.platform import Platform
from allgreen.server.setup.schemas import SetUpInput
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import tokens

PURPOSE = "setup"


async def renew_setup_token(database: Database, now: datetime) -> str | None:
    """Make the token of the first run anew; `None` once an account exists.

    A start before this one may have printed its token into a log: that one is void.
    """
    token = secrets.token_urlsafe(32)
    # Urgent: a full disk must not keep the platform from starting.
    async with database.urgent_unit_of_work() as uow:
        if await people.count_accounts(uow.connection) > 0:
            return None
        await uow.connection.execute(delete(tokens).where(tokens.c.purpose == PURPOSE))
        await uow.connection.execute(
            insert(tokens).values(token_hash=hash_of(token), purpose=PURPOSE, created_at=now)
        )
        await uow.commit()
    return token


async def set_up(platform: Platform, form: SetUpInput, client: Client) -> tuple[Me, str]:
    """Make the first account and its workspace; return it with the token of its session.

    Raises:
        NotFoundError: Somebody has set this up already.
        InvalidInputError: The token is not the one of the console, or the password is weak.
    """
    token_hash = hash_of(form.token)
    async with platform.database.read() as connection:
        await _check_token(connection, token_hash)
    weakness = find_weakness(form.password, name=form.name, email=form.email)
    if weakness:
        raise InvalidInputError.at("password", "weak", weakness)
    password_hash = await platform.passwords.hash(form.password)
    now = platform.clock.now()
    account_id = AccountId(platform.new_id())
    async with platform.database.unit_of_work() as uow:
        connection = uow.connection
        await _use_token(connection, token_hash, now)
        await add_account(
            connection,
            account_id=account_id,
            name=form.name,
            email=form.email,
            password_hash=password_hash,
            now=now,
            is_instance_admin=True,
            # Whoever reads the console of the server needs no mail to prove who they are.
            is_verified=True,
        )
        if form.surname is not None:
            await add_surname(connection, account_id, form.surname)
        await add_workspace(
            connection,
            workspace_id=WorkspaceId(platform.new_id()),
            name=form.workspace_name,
            owner_id=account_id,
            is_held=False,
            now=now,
        )
        session = await open_session(
            connection,
            account_id,
            session_id=platform.new_id(),
            client=client,
            keep=False,
            now=now,
        )
        me = await load_me(connection, account_id, now)
        await uow.commit()
    return me, session


async def _check_token(connection: AsyncConnection, token_hash: str) -> None:
    if await people.count_accounts(connection) > 0:
        raise NotFoundError("page")
    query = select(tokens.c.token_hash).where(
        tokens.c.token_hash == token_hash, tokens.c.purpose == PURPOSE, tokens.c.used_at.is_(None)
    )
    if await connection.scalar(query) is None:
        raise _wrong_token()


async def _use_token(connection: AsyncConnection, token_hash: str, now: datetime) -> None:
    """Use the token up. One statement, and its row count decides who of many was first."""
    used = await connection.execute(
        update(tokens)
        .where(
            tokens.c.token_hash == token_hash,
            tokens.c.purpose == PURPOSE,
            tokens.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise NotFoundError("page")


def _wrong_token() -> InvalidInputError:
    return InvalidInputError.at(
        "token",
        "setup_token",
        "This link is not the one that the console shows now. Each start prints a new one.",
    )
