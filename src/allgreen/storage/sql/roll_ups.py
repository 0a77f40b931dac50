"""Sums of results and time per check and bucket, and the packed strips, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, final

from sqlalchemy import ColumnElement, Row, RowMapping, delete, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Mode, Outcome, TimeKind
from allgreen.domain.uptime import RollUp, Tally
from allgreen.ports import DirtyBucket, Grain, RollUpRepository, Strip
from allgreen.storage.sql import codec
from allgreen.storage.sql.dialect import insert_new, upsert
from allgreen.storage.sql.tables import (
    checks,
    dirty_buckets,
    rollup_day,
    rollup_hour,
    rollup_minute,
    service_days,
    services,
    workspaces,
)
from allgreen.storage.sql.tables import strips as strips_table

_TABLES = {Grain.MINUTE: rollup_minute, Grain.HOUR: rollup_hour, Grain.DAY: rollup_day}
_MICROSECOND = timedelta(microseconds=1)


@final
class SqlRollUpRepository(RollUpRepository):
    """Sums; one table for each width of buckets. While the disk is full they wait."""

    def __init__(self, connection: AsyncConnection, *, is_full: bool = False) -> None:
        self._connection = connection
        self._is_full = is_full

    async def mark_dirty(self, buckets: Iterable[DirtyBucket]) -> None:
        # In one order for all, so that two batches cannot wait for each other.
        marks = sorted({(bucket.check_id, bucket.hour) for bucket in buckets})
        rows = [{"check_id": check_id, "hour": hour} for check_id, hour in marks]
        await insert_new(self._connection, dirty_buckets, rows)

    async def take_dirty(self, *, limit: int) -> list[DirtyBucket]:
        if self._is_full:
            return []  # the marks stay, and sums made later are the same
        key = tuple_(dirty_buckets.c.check_id, dirty_buckets.c.hour)
        oldest = (
            select(dirty_buckets.c.check_id, dirty_buckets.c.hour)
            .where(*await self._lock_services_of_oldest(limit))
            .order_by(dirty_buckets.c.hour, dirty_buckets.c.check_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("oldest")
        )
        take = (
            delete(dirty_buckets)
            .where(key.in_(select(oldest.c.check_id, oldest.c.hour)))
            .returning(dirty_buckets.c.check_id, dirty_buckets.c.hour)
        )
        taken = (await self._connection.execute(take)).all()
        in_order = sorted(taken, key=lambda row: (row.hour, row.check_id))
        return [DirtyBucket(check_id=CheckId(row.check_id), hour=row.hour) for row in in_order]

    async def save_many(
        self, grain: Grain, rows: Mapping[CheckId, Mapping[datetime, RollUp]]
    ) -> None:
        # In one order for all, so that two rounds cannot wait for each other.
        asked = sorted(check_id for check_id, sums in rows.items() if sums)
        if not asked:
            return
        query = select(checks.c.id, checks.c.workspace_id).where(checks.c.id.in_(asked))
        owners = {row.id: row.workspace_id for row in await self._connection.execute(query)}
        await upsert(
            self._connection,
            _TABLES[grain],
            [
                {
                    "check_id": check_id,
                    "workspace_id": owners[check_id],
                    "bucket": bucket,
                    **_to_row(sum_),
                }
                for check_id in asked
                for bucket, sum_ in rows[check_id].items()
            ],
        )

    async def load(
        self, check_ids: Iterable[CheckId], grain: Grain, begin: datetime, end: datetime
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        table = _TABLES[grain]
        query = (
            select(table)
            .where(table.c.check_id.in_(list(check_ids)))
            .where(table.c.bucket >= begin, table.c.bucket < end)
            .order_by(table.c.check_id, table.c.bucket)
        )
        found: dict[CheckId, dict[datetime, RollUp]] = defaultdict(dict)
        for row in (await self._connection.execute(query)).mappings():
            found[CheckId(row["check_id"])][row["bucket"]] = _from_row(row)
        return dict(found)

    async def save_service_days(self, rows: Mapping[ServiceId, Mapping[date, RollUp]]) -> None:
        asked = sorted(service_id for service_id, days in rows.items() if days)
        if not asked:
            return
        owners = await self._owners_of(asked)
        await upsert(
            self._connection,
            service_days,
            [
                {"service_id": each, "workspace_id": owners[each], "day": day, **_sums_to_row(sum_)}
                for each in asked
                for day, sum_ in rows[each].items()
            ],
        )

    async def service_days(
        self, service_ids: Iterable[ServiceId], first: date, last: date
    ) -> dict[ServiceId, dict[date, RollUp]]:
        query = (
            select(service_days)
            .where(service_days.c.service_id.in_(list(service_ids)))
            .where(service_days.c.day >= first, service_days.c.day <= last)
            .order_by(service_days.c.service_id, service_days.c.day)
        )
        found: dict[ServiceId, dict[date, RollUp]] = defaultdict(dict)
        for row in (await self._connection.execute(query)).mappings():
            found[ServiceId(row["service_id"])][row["day"]] = sums_from_row(row)
        return dict(found)

    async def save_strips(self, strips: Mapping[ServiceId, Strip]) -> None:
        if not strips:
            return
        owners = await self._owners_of(strips)
        rows = [
            {"service_id": each, "workspace_id": owners[each], **_strip_to_row(strips[each])}
            for each in sorted(strips)
        ]
        await upsert(self._connection, strips_table, rows)

    async def strips(self, service_ids: Iterable[ServiceId]) -> dict[ServiceId, Strip]:
        query = select(strips_table).where(strips_table.c.service_id.in_(list(service_ids)))
        rows = (await self._connection.execute(query)).all()
        return {ServiceId(row.service_id): strip_from_row(row) for row in rows}

    async def services_without_strip_of(
        self, day: date, *, limit: int, zone: str | None = None
    ) -> list[ServiceId]:
        query = (
            select(services.c.id)
            .outerjoin(strips_table, strips_table.c.service_id == services.c.id)
            .where(services.c.mode == Mode.ACTIVE)
            .where(or_(strips_table.c.last.is_(None), strips_table.c.last < day))
            .order_by(services.c.id)
            .limit(limit)
        )
        if zone is not None:
            there = select(workspaces.c.id).where(workspaces.c.zone == zone)
            query = query.where(services.c.workspace_id.in_(there))
        return [ServiceId(id_) for id_ in (await self._connection.execute(query)).scalars()]

    async def delete_before(self, grain: Grain, instant: datetime, *, limit: int) -> int:
        table = _TABLES[grain]
        old = (
            select(table.c.check_id, table.c.bucket)
            .where(table.c.bucket < instant)
            .order_by(table.c.bucket)
            .limit(limit)
        )
        key = tuple_(table.c.check_id, table.c.bucket)
        return (await self._connection.execute(delete(table).where(key.in_(old)))).rowcount

    async def _lock_services_of_oldest(self, limit: int) -> list[ColumnElement[bool]]:
        """Lock the services of the oldest marks; return the condition of being a mark of theirs.

        Whoever records results holds the service first and marks then. In the other order the two
        would wait for each other on PostgreSQL; on SQLite there is one writer.
        """
        if self._connection.dialect.name == "sqlite":
            return []
        oldest = (
            select(dirty_buckets.c.check_id)
            .order_by(dirty_buckets.c.hour, dirty_buckets.c.check_id)
            .limit(limit)
        )
        concerned = select(checks.c.service_id).where(checks.c.id.in_(oldest))
        lock = select(services.c.id).where(services.c.id.in_(concerned))
        lock = lock.order_by(services.c.id).with_for_update()
        locked = (await self._connection.execute(lock)).scalars().all()
        of_others = exists().where(
            checks.c.id == dirty_buckets.c.check_id, checks.c.service_id.not_in(locked)
        )
        return [~of_others]

    async def _owners_of(self, service_ids: Iterable[ServiceId]) -> dict[str, str]:
        """Return the workspace of each service."""
        query = select(services.c.id, services.c.workspace_id)
        query = query.where(services.c.id.in_(list(service_ids)))
        return {row.id: row.workspace_id for row in await self._connection.execute(query)}


def strip_from_row(row: Row[Any]) -> Strip:
    """Build a strip from a row that holds the columns of its table."""
    return Strip(
        first=row.first,
        zone=row.zone,
        grades=row.grades,
        details=codec.details_from_json(row.details),
        known_us=row.known_us,
        good_us=row.good_us,
        median_ms=row.median_ms,
        as_of=row.as_of,
    )


def _strip_to_row(strip: Strip) -> dict[str, Any]:
    return {
        "first": strip.first,
        "last": strip.first + timedelta(days=len(strip.grades) - 1),
        "zone": strip.zone,
        "grades": strip.grades,
        "details": strip.details,
        "known_us": strip.known_us,
        "good_us": strip.good_us,
        "median_ms": strip.median_ms,
        "as_of": strip.as_of,
    }


def sums_from_row(row: RowMapping) -> RollUp:
    """Build a sum without latencies from a row that holds its times and counts."""
    # PostgreSQL adds up integers as numeric.
    times = {kind: timedelta(microseconds=int(row[f"{kind}_us"])) for kind in TimeKind}
    counts = {outcome: int(row[f"{outcome}_count"]) for outcome in Outcome}
    return RollUp(
        tally=Tally.from_kinds(times),
        outcomes={outcome: count for outcome, count in counts.items() if count},
    )


def _to_row(roll_up: RollUp) -> dict[str, Any]:
    return {**_sums_to_row(roll_up), "latencies": roll_up.latencies.to_text()}


def _from_row(row: RowMapping) -> RollUp:
    return replace(sums_from_row(row), latencies=LatencySketch.from_text(row["latencies"]))


def _sums_to_row(roll_up: RollUp) -> dict[str, Any]:
    times = {f"{kind}_us": roll_up.tally.of_kind(kind) // _MICROSECOND for kind in TimeKind}
    counts = {f"{outcome}_count": roll_up.outcomes.get(outcome, 0) for outcome in Outcome}
    return {**times, **counts}
