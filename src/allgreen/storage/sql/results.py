"""Raw results in SQL, kept for days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import final

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import CheckId
from allgreen.domain.result import Result, SlotKey
from allgreen.ports import ResultRepository
from allgreen.storage.sql.dialect import insert_new
from allgreen.storage.sql.partitions import drop_days, make_days
from allgreen.storage.sql.rows import result_from_row, result_to_row
from allgreen.storage.sql.tables import results as results_table

_WITHOUT_EXPLANATIONS = [
    column for column in results_table.columns if column.name != "explanations"
]
_KEY = tuple_(results_table.c.check_id, results_table.c.slot, results_table.c.attempt)


@final
class SqlResultRepository(ResultRepository):
    """Raw results.

    Attributes:
        left_out: How many were not stored, because the disk is full.
    """

    def __init__(self, connection: AsyncConnection, *, is_full: bool = False) -> None:
        self._connection = connection
        self._is_full = is_full
        self.left_out = 0
        self._is_by_day = connection.dialect.name == "postgresql"

    async def add(self, results: Iterable[Result]) -> None:
        rows = [result_to_row(result) for result in results]
        if self._is_full:
            self.left_out += len(rows)
            return
        if self._is_by_day:
            await make_days(self._connection, (row["slot"] for row in rows))
        await insert_new(self._connection, results_table, rows)

    async def between(self, check_id: CheckId, begin: datetime, end: datetime) -> list[Result]:
        query = (
            select(*_WITHOUT_EXPLANATIONS)
            .where(
                results_table.c.check_id == check_id,
                results_table.c.slot >= begin,
                results_table.c.slot < end,
            )
            .order_by(results_table.c.slot, results_table.c.attempt)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [result_from_row(row) for row in rows]

    async def latest(
        self, check_ids: Iterable[CheckId], *, limit: int, before: SlotKey | None = None
    ) -> list[Result]:
        # One query for each check walks its index backwards; one for all would sort their history.
        newest = [await self._latest_of(check_id, limit, before) for check_id in set(check_ids)]
        in_order = merge(*newest, key=lambda result: result.key, reverse=True)
        return list(islice(in_order, limit))

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        if self._is_by_day:
            return await drop_days(self._connection, instant, limit=limit)
        old = (
            select(results_table.c.check_id, results_table.c.slot, results_table.c.attempt)
            .where(results_table.c.slot < instant)
            .order_by(results_table.c.slot)
            .limit(limit)
        )
        return (await self._connection.execute(delete(results_table).where(_KEY.in_(old)))).rowcount

    async def _latest_of(
        self, check_id: CheckId, limit: int, before: SlotKey | None
    ) -> list[Result]:
        query = select(results_table).where(results_table.c.check_id == check_id)
        if before is not None:
            earlier = tuple_(results_table.c.slot, results_table.c.attempt) < tuple_(
                before.slot,
                before.attempt,
                types=[results_table.c.slot.type, results_table.c.attempt.type],
            )
            query = query.where(earlier)
        query = query.order_by(results_table.c.slot.desc(), results_table.c.attempt.desc()).limit(
            limit
        )
        rows = (await self._connection.execute(query)).mappings()
        return [result_from_row(row) for row in rows]
