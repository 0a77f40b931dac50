"""How the time of each check counts, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import CheckId
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import Span
from allgreen.ports import SpanRepository
from allgreen.storage.sql.tables import checks, health_spans


@final
class SqlSpanRepository(SpanRepository):
    """Spans without overlap and without gap; the last one of a check has no end."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def turn(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        own = health_spans.c.check_id == check_id
        await self._connection.execute(
            delete(health_spans).where(own, health_spans.c.began_at >= at)
        )
        query = (
            select(health_spans.c.began_at, health_spans.c.kind)
            .where(own)
            .order_by(health_spans.c.began_at.desc())
            .limit(1)
        )
        last = (await self._connection.execute(query)).first()
        if last is not None:
            end = None if last.kind is kind else at
            the_last = update(health_spans).where(own, health_spans.c.began_at == last.began_at)
            await self._connection.execute(the_last.values(ended_at=end))
            if end is None:
                return
        of_workspace = select(checks.c.workspace_id).where(checks.c.id == check_id)
        await self._connection.execute(
            insert(health_spans).values(
                check_id=check_id,
                began_at=at,
                kind=kind,
                workspace_id=of_workspace.scalar_subquery(),
            )
        )

    async def overlapping(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, list[Span]]:
        lasts = or_(health_spans.c.ended_at.is_(None), health_spans.c.ended_at > begin)
        query = (
            select(health_spans)
            .where(health_spans.c.check_id.in_(list(check_ids)))
            .where(health_spans.c.began_at < end, lasts)
            .order_by(health_spans.c.check_id, health_spans.c.began_at)
        )
        found: dict[CheckId, list[Span]] = defaultdict(list)
        for row in await self._connection.execute(query):
            span = Span(kind=row.kind, began_at=row.began_at, ended_at=row.ended_at)
            found[CheckId(row.check_id)].append(span)
        return dict(found)
