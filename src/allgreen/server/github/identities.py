"""Identities: which account somebody at GitHub opens."""

from datetime import datetime

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.server.github.person import NAME, Person
from allgreen.storage.sql.tables import identities


async def add_identity(
    connection: AsyncConnection, person: Person, account_id: AccountId, now: datetime
) -> None:
    """Let somebody at GitHub open an account."""
    await connection.execute(
        insert(identities).values(
            provider=NAME,
            subject=person.subject,
            account_id=account_id,
            login=person.login,
            created_at=now,
        )
    )


async def find_owner(connection: AsyncConnection, person: Person) -> AccountId | None:
    """Return the account that somebody at GitHub opens."""
    query = select(identities.c.account_id).where(*is_of(person))
    found: str | None = await connection.scalar(query)
    return None if found is None else AccountId(found)


async def list_identities(connection: AsyncConnection, account_id: AccountId) -> list[str]:
    """Return the numbers of those at GitHub who open an account."""
    query = select(identities.c.subject).where(
        identities.c.account_id == account_id, identities.c.provider == NAME
    )
    return list(await connection.scalars(query))


def is_of(person: Person) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return what the row of somebody at GitHub is found by: the number, and never a name."""
    return identities.c.provider == NAME, identities.c.subject == person.subject
