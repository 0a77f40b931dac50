"""Messages owed, in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import IncidentId, ServiceId
from allgreen.domain.notice import Notice, NoticeKind, NoticeState
from allgreen.ports import OutboxRepository
from allgreen.storage.sql.dialect import insert_new
from allgreen.storage.sql.rows import notice_from_row, notice_to_row
from allgreen.storage.sql.tables import IS_OPEN, deliveries, outbox

_HELD = (NoticeState.LEASED,)
_earlier = outbox.alias("earlier")
# Two notices without a service or a recipient never wait for each other: NULL equals nothing.
_IS_FIRST = ~exists().where(
    _earlier.c.service_id == outbox.c.service_id,
    _earlier.c.recipient_id == outbox.c.recipient_id,
    _earlier.c.channel == outbox.c.channel,
    _earlier.c.seq < outbox.c.seq,
    text("earlier.state IN ('pending', 'leased')"),
)


@final
class SqlOutboxRepository(OutboxRepository):
    """The outbox. What happens to a row is decided by its state, never by its place."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, notices: Iterable[Notice]) -> None:
        await insert_new(self._connection, outbox, map(notice_to_row, notices))

    async def lease(self, *, now: datetime, limit: int, lease_for: timedelta) -> list[Notice]:
        is_due = or_(
            and_(outbox.c.state == NoticeState.PENDING, outbox.c.due_at <= now),
            and_(outbox.c.state == NoticeState.LEASED, outbox.c.leased_until <= now),
        )
        due = (
            select(outbox.c.seq)
            .where(IS_OPEN, is_due, _IS_FIRST)
            .order_by(outbox.c.seq)
            .limit(limit)
            .with_for_update(of=outbox, skip_locked=True)
            .cte("due")
        )
        claim = (
            update(outbox)
            .where(outbox.c.seq.in_(select(due.c.seq)))
            .values(
                state=NoticeState.LEASED,
                leased_until=now + lease_for,
                fence=outbox.c.fence + 1,
            )
            .returning(outbox)
        )
        rows = (await self._connection.execute(claim)).mappings().all()
        return [notice_from_row(row) for row in sorted(rows, key=lambda row: int(row["seq"]))]

    async def begin_attempt(self, notice: Notice, *, at: datetime) -> bool:
        if not await self._mark(notice, attempt=notice.attempt + 1):
            return False
        row = {"outbox_id": notice.id, "attempt": notice.attempt, "begun_at": at}
        await insert_new(self._connection, deliveries, [row])
        return True

    async def mark_sent(self, notice: Notice, *, at: datetime, answer: str) -> bool:
        sent = {"state": NoticeState.SENT, "sent_at": at, "leased_until": None}
        # What was accepted was sent, also when its recipient left meanwhile.
        if not await self._mark(notice, (*_HELD, NoticeState.CANCELLED), **sent):
            return False
        await self._end_attempt(notice, ended_at=at, answer=answer)
        return True

    async def mark_delayed(self, notice: Notice, *, until: datetime, error: str) -> bool:
        pending = {"state": NoticeState.PENDING, "leased_until": None}
        if not await self._mark(notice, **pending, due_at=until, last_error=error):
            return False
        await self._end_attempt(notice, error=error)
        return True

    async def mark_dead(self, notice: Notice, *, at: datetime, error: str) -> bool:
        dead = {"state": NoticeState.DEAD, "leased_until": None}
        if not await self._mark(notice, **dead, last_error=error):
            return False
        await self._end_attempt(notice, ended_at=at, error=error)
        if notice.kind is NoticeKind.DOWN:
            await self._cancel_end(notice)
        return True

    async def cancel(self, service_id: ServiceId, kinds: Iterable[str] | None = None) -> int:
        cancel = update(outbox).where(
            IS_OPEN, outbox.c.service_id == service_id, outbox.c.state == NoticeState.PENDING
        )
        if kinds is not None:
            cancel = cancel.where(outbox.c.kind.in_(list(kinds)))
        cancelled = await self._connection.execute(cancel.values(state=NoticeState.CANCELLED))
        return cancelled.rowcount

    async def withdraw(self, incident_id: IncidentId, kind: str) -> list[Notice]:
        withdraw = (
            update(outbox)
            .where(
                outbox.c.incident_id == incident_id,
                outbox.c.kind == kind,
                outbox.c.state == NoticeState.PENDING,
                outbox.c.attempt == 1,
            )
            .values(state=NoticeState.CANCELLED)
            .returning(outbox)
        )
        rows = (await self._connection.execute(withdraw)).mappings().all()
        return [notice_from_row(row) for row in sorted(rows, key=lambda row: int(row["seq"]))]

    async def about(self, incident_id: IncidentId) -> list[Notice]:
        query = (
            select(outbox)
            .where(outbox.c.incident_id == incident_id)
            .where(outbox.c.state != NoticeState.CANCELLED)
            .order_by(outbox.c.seq)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [notice_from_row(row) for row in rows]

    async def next_due_at(self) -> datetime | None:
        free_from: ColumnElement[Any] = case(
            (outbox.c.state == NoticeState.LEASED, outbox.c.leased_until),
            else_=outbox.c.due_at,
        )
        query = select(func.min(free_from)).where(IS_OPEN, _IS_FIRST)
        instant: datetime | None = (await self._connection.execute(query)).scalar_one()
        return instant

    async def void_leases(self) -> int:
        void = (
            update(outbox)
            .where(IS_OPEN, outbox.c.state == NoticeState.LEASED)
            .values(state=NoticeState.PENDING, leased_until=None, fence=outbox.c.fence + 1)
        )
        return (await self._connection.execute(void)).rowcount

    async def _mark(
        self, notice: Notice, among: Sequence[NoticeState] = _HELD, /, **values: object
    ) -> bool:
        """Change a row that is still leased under the fence of `notice`."""
        mark = update(outbox).where(
            outbox.c.id == notice.id,
            outbox.c.fence == notice.fence,
            outbox.c.state.in_(among),
        )
        return (await self._connection.execute(mark.values(**values))).rowcount == 1

    async def _cancel_end(self, begin: Notice) -> None:
        end = update(outbox).where(
            IS_OPEN,
            outbox.c.state == NoticeState.PENDING,
            outbox.c.service_id == begin.service_id,
            outbox.c.recipient_id == begin.recipient_id,
            outbox.c.channel == begin.channel,
            outbox.c.incident_id == begin.incident_id,
            outbox.c.kind != NoticeKind.DOWN,
        )
        await self._connection.execute(end.values(state=NoticeState.CANCELLED))

    async def _end_attempt(self, notice: Notice, **values: object) -> None:
        attempt = update(deliveries).where(
            deliveries.c.outbox_id == notice.id, deliveries.c.attempt == notice.attempt
        )
        await self._connection.execute(attempt.values(**values))
