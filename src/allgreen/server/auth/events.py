"""What happened to an account, kept for its owner: sign-ins, and what keeps it safe."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import AccountId
from allgreen.server.auth.sessions import Client
from allgreen.storage.sql.tables import account_events

KEPT_FOR: Final = timedelta(days=400)


async def note_event(
    connection: AsyncConnection,
    account_id: AccountId,
    action: str,
    summary: str,
    *,
    client: Client,
    now: datetime,
) -> None:
    """Append one line to the history of an account, and drop its lines that are too old.

    Args:
        connection: Of the transaction in which it happens.
        account_id: Whose account.
        action: Stable word, such as ``session.opened``.
        summary: Words for people: ``signed in``.
        client: From where.
        now: When.
    """
    too_old = account_events.c.at < now - KEPT_FOR
    await connection.execute(
        delete(account_events).where(account_events.c.account_id == account_id, too_old)
    )
    await connection.execute(
        insert(account_events).values(
            account_id=account_id,
            at=now,
            action=action,
            summary=summary,
            device=client.device,
            network=client.network,
        )
    )
