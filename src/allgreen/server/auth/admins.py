"""Who runs this Allgreen: changed by one at a time, so that there is always somebody."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.errors import InvalidInputError
from allgreen.storage.sql.tables import accounts


async def is_admin(connection: AsyncConnection, account_id: AccountId) -> bool:
    """Tell whether an account runs this Allgreen."""
    query = select(accounts.c.instance_admin).where(accounts.c.id == account_id)
    return bool(await connection.scalar(query))


async def lock_admins(connection: AsyncConnection) -> set[AccountId]:
    """Return the admins that can sign in, in a transaction in which nobody else changes them.

    Of two who disable each other at once, the second finds out here that they are none any more.
    """
    query = (
        select(accounts.c.id)
        .where(accounts.c.instance_admin.is_(True), accounts.c.disabled_at.is_(None))
        .order_by(accounts.c.id)
    )
    # Not the stronger lock: what is stored with a reference to an account must not wait.
    return {
        AccountId(each) for each in await connection.scalars(query.with_for_update(key_share=True))
    }


async def refuse_without_admin(connection: AsyncConnection, account_id: AccountId) -> None:
    """Let an account go only if somebody else still runs this Allgreen.

    Raises:
        InvalidInputError: It is the last admin.
    """
    if await lock_admins(connection) == {account_id}:
        raise InvalidInputError.at(
            "",
            "last_admin",
            "Nobody else runs this Allgreen. Make somebody else an admin of it first.",
        )
