"""Who is told about a service, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import RecipientId, ServiceId, WorkspaceId
from allgreen.domain.notice import NoticeState
from allgreen.domain.policy import Role
from allgreen.domain.service import Recipient
from allgreen.errors import NotFoundError
from allgreen.ports import RecipientRepository
from allgreen.storage.sql.dialect import upsert
from allgreen.storage.sql.rows import recipient_from_row, recipient_to_row
from allgreen.storage.sql.tables import IS_OPEN, accounts, memberships, outbox
from allgreen.storage.sql.tables import recipients as recipients_table


@final
class SqlRecipientRepository(RecipientRepository):
    """Recipients; what is still owed to one that goes is cancelled with it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_service(self, service_id: ServiceId) -> list[Recipient]:
        query = (
            select(recipients_table)
            .where(recipients_table.c.service_id == service_id)
            .order_by(recipients_table.c.position, recipients_table.c.id)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [recipient_from_row(row) for row in rows]

    async def get(self, recipient_id: RecipientId) -> Recipient:
        query = select(recipients_table).where(recipients_table.c.id == recipient_id)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            raise NotFoundError("recipient")
        return recipient_from_row(row)

    async def replace(self, service_id: ServiceId, recipients: Sequence[Recipient]) -> None:
        known = {recipient.id: recipient for recipient in await self.of_service(service_id)}
        await self._remove(known.keys() - {recipient.id for recipient in recipients})
        rows = [
            {**recipient_to_row(_confirmed_as(known.get(recipient.id), recipient)), "position": at}
            for at, recipient in enumerate(recipients)
        ]
        await upsert(self._connection, recipients_table, rows)

    async def save(self, recipient: Recipient) -> None:
        row = recipient_to_row(recipient)
        known = update(recipients_table).where(recipients_table.c.id == recipient.id).values(row)
        if (await self._connection.execute(known)).rowcount:
            return
        after_all = select(func.coalesce(func.max(recipients_table.c.position) + 1, 0)).where(
            recipients_table.c.service_id == recipient.service_id
        )
        await self._connection.execute(
            insert(recipients_table).values(**row, position=after_all.scalar_subquery())
        )

    async def remove(self, recipient_id: RecipientId) -> None:
        await self._remove({recipient_id})

    async def admins_of(self, workspace_id: WorkspaceId) -> list[str]:
        query = (
            select(accounts.c.email)
            .join(memberships, memberships.c.account_id == accounts.c.id)
            .where(memberships.c.workspace_id == workspace_id)
            .where(memberships.c.role.in_([Role.OWNER, Role.ADMIN]))
            .where(accounts.c.disabled_at.is_(None))
            .order_by(accounts.c.email)
        )
        return list((await self._connection.execute(query)).scalars())

    async def operators(self) -> list[str]:
        query = (
            select(accounts.c.email)
            .where(accounts.c.instance_admin.is_(True), accounts.c.disabled_at.is_(None))
            .order_by(accounts.c.email)
        )
        return list((await self._connection.execute(query)).scalars())

    async def _remove(self, ids: Collection[RecipientId]) -> None:
        if not ids:
            return
        # Also what is being sent now: should it fail, it is not tried again.
        owed = IS_OPEN, outbox.c.recipient_id.in_(ids)
        cancel = update(outbox).where(*owed).values(state=NoticeState.CANCELLED)
        await self._connection.execute(cancel)
        await self._connection.execute(
            delete(recipients_table).where(recipients_table.c.id.in_(ids))
        )


def _confirmed_as(known: Recipient | None, recipient: Recipient) -> Recipient:
    if known is None or known.confirmed_at is None:
        return recipient
    return replace(recipient, confirmed_at=known.confirmed_at)
