"""How the time of each check counts, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Interval,
    Row,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import Span, Tally
from allgreen.ports import SpanRepository
from allgreen.storage.sql.tables import checks, health_spans
from allgreen.storage.sql.types import Duration, to_microseconds


@final
class SqlSpanRepository(SpanRepository):
    """Spans without overlap and without gap; the last one of a check has no end."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def turn(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        if await self._end_another_kind(check_id, at, kind):
            await self._begin(check_id, at, kind)
            return
        last = await self._last_of(check_id)
        if last is not None and last.began_at >= at:
            last = await self._last_without(check_id, at)
        if last is not None:
            end = None if last.kind is kind else at
            if end != last.ended_at:
                await self._end(check_id, last.began_at, end)
            if end is None:
                return
        await self._begin(check_id, at, kind)

    async def turn_many(self, turns: Iterable[tuple[CheckId, datetime, TimeKind]]) -> None:
        by_check: dict[CheckId, list[tuple[datetime, TimeKind]]] = defaultdict(list)
        for check_id, at, kind in turns:
            by_check[check_id].append((at, kind))
        lasting = await self._list_lasting(by_check) if by_check else {}
        plan = _Plan()
        for check_id, turned in by_check.items():
            last = lasting.get(check_id)
            if last is not None and _is_onward(last, turned):
                plan.add(check_id, last, turned)
            else:
                for at, kind in turned:
                    await self.turn(check_id, at, kind)
        await self._carry_out(plan)

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
            found[CheckId(row.check_id)].append(_span(row))
        return dict(found)

    async def tallies(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, Tally]:
        lasts = or_(health_spans.c.ended_at.is_(None), health_spans.c.ended_at > begin)
        time = func.sum(self._time_within(begin, end))
        query = (
            select(health_spans.c.check_id, health_spans.c.kind, time)
            .where(health_spans.c.check_id.in_(list(check_ids)))
            .where(health_spans.c.began_at < end, lasts)
            .group_by(health_spans.c.check_id, health_spans.c.kind)
        )
        found: dict[CheckId, dict[TimeKind, timedelta]] = defaultdict(dict)
        for check_id, kind, length in await self._connection.execute(query):
            found[check_id][kind] = length
        return {each: Tally.filled(kinds, end - begin) for each, kinds in found.items()}

    def _time_within(self, begin: datetime, end: datetime) -> ColumnElement[Any]:
        """Return how much of a span lies in a window."""
        columns = health_spans.c
        if self._connection.dialect.name == "postgresql":
            until = func.least(func.coalesce(columns.ended_at, end), end)
            return type_coerce(until - func.greatest(columns.began_at, begin), Interval())
        began_us, ended_us = (
            type_coerce(each, BigInteger) for each in (columns.began_at, columns.ended_at)
        )
        begin_us, end_us = to_microseconds(begin), to_microseconds(end)
        until_us = func.min(func.coalesce(ended_us, end_us), end_us)
        return type_coerce(until_us - func.max(began_us, begin_us), Duration())

    async def of_removed(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, dict[CheckId, list[Span]]]:
        lasts = or_(health_spans.c.ended_at.is_(None), health_spans.c.ended_at > begin)
        query = (
            select(checks.c.service_id, health_spans)
            .join(checks, checks.c.id == health_spans.c.check_id)
            .where(checks.c.service_id.in_(list(service_ids)), checks.c.is_deleted)
            .where(health_spans.c.began_at < end, lasts)
            .order_by(health_spans.c.check_id, health_spans.c.began_at)
        )
        found: dict[ServiceId, dict[CheckId, list[Span]]] = defaultdict(dict)
        for row in await self._connection.execute(query):
            of_check = found[ServiceId(row.service_id)].setdefault(CheckId(row.check_id), [])
            of_check.append(_span(row))
        return dict(found)

    async def _end_another_kind(self, check_id: CheckId, at: datetime, kind: TimeKind) -> bool:
        """Do what a turn mostly is, in one step: end the open span of another kind before `at`."""
        end = update(health_spans).where(
            health_spans.c.check_id == check_id,
            health_spans.c.ended_at.is_(None),
            health_spans.c.began_at < at,
            health_spans.c.kind != kind,
        )
        return (await self._connection.execute(end.values(ended_at=at))).rowcount > 0

    async def _list_lasting(self, check_ids: Iterable[CheckId]) -> dict[CheckId, Span]:
        query = select(health_spans).where(
            health_spans.c.check_id.in_(list(check_ids)), health_spans.c.ended_at.is_(None)
        )
        return {row.check_id: _span(row) for row in await self._connection.execute(query)}

    async def _carry_out(self, plan: _Plan) -> None:
        if plan.ends:
            end = update(health_spans).where(
                health_spans.c.check_id == bindparam("of_check"),
                health_spans.c.ended_at.is_(None),
            )
            await self._connection.execute(
                end.values(ended_at=bindparam("at")),
                [{"of_check": check_id, "at": at} for check_id, at in plan.ends],
            )
        if plan.begins:
            of_check = checks.c.id == bindparam("of_check")
            of_workspace = select(checks.c.workspace_id).where(of_check)
            begin = insert(health_spans).values(workspace_id=of_workspace.scalar_subquery())
            await self._connection.execute(begin, plan.begins)

    async def _begin(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        of_workspace = select(checks.c.workspace_id).where(checks.c.id == check_id)
        await self._connection.execute(
            insert(health_spans).values(
                check_id=check_id,
                began_at=at,
                kind=kind,
                workspace_id=of_workspace.scalar_subquery(),
            )
        )

    async def _last_of(self, check_id: CheckId) -> Span | None:
        query = (
            select(health_spans)
            .where(health_spans.c.check_id == check_id)
            .order_by(health_spans.c.began_at.desc())
            .limit(1)
        )
        row = (await self._connection.execute(query)).first()
        return None if row is None else _span(row)

    async def _last_without(self, check_id: CheckId, at: datetime) -> Span | None:
        """Delete the spans from `at` on and return the last one that is left."""
        await self._connection.execute(
            delete(health_spans).where(
                health_spans.c.check_id == check_id, health_spans.c.began_at >= at
            )
        )
        return await self._last_of(check_id)

    async def _end(self, check_id: CheckId, began_at: datetime, at: datetime | None) -> None:
        await self._connection.execute(
            update(health_spans)
            .where(health_spans.c.check_id == check_id, health_spans.c.began_at == began_at)
            .values(ended_at=at)
        )


class _Plan:
    """Which spans end, and which begin, when many checks turn and none of them goes back."""

    def __init__(self) -> None:
        self.ends: list[tuple[CheckId, datetime]] = []
        self.begins: list[dict[str, object]] = []

    def add(
        self, check_id: CheckId, last: Span, turned: Iterable[tuple[datetime, TimeKind]]
    ) -> None:
        kind, begun = last.kind, None
        for at, turned_to in turned:
            if turned_to is kind:
                continue
            if begun is None:
                self.ends.append((check_id, at))
            else:
                begun["ended_at"] = at
            begun = {"check_id": check_id, "began_at": at, "ended_at": None, "kind": turned_to}
            begun["of_check"] = check_id
            self.begins.append(begun)
            kind = turned_to


def _is_onward(last: Span, turned: Iterable[tuple[datetime, TimeKind]]) -> bool:
    instants = [last.began_at, *(at for at, _ in turned)]
    return all(earlier < later for earlier, later in pairwise(instants))


def _span(row: Row[Any]) -> Span:
    return Span(kind=row.kind, began_at=row.began_at, ended_at=row.ended_at)
