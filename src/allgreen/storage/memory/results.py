"""Raw results in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import final

from allgreen.domain.identity import CheckId
from allgreen.domain.result import Result, SlotKey
from allgreen.ports import ResultRepository
from allgreen.storage.memory.tables import Tables


@final
class MemoryResultRepository(ResultRepository):
    """Raw results."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self._tables.results.setdefault((result.check_id, result.key), result)

    async def between(self, check_id: CheckId, begin: datetime, end: datetime) -> list[Result]:
        found = [
            replace(result, explanations=())
            for result in self._tables.results.values()
            if result.check_id == check_id and begin <= result.slot < end
        ]
        return sorted(found, key=lambda result: result.key)

    async def latest(
        self, check_ids: Iterable[CheckId], *, limit: int, before: SlotKey | None = None
    ) -> list[Result]:
        asked = set(check_ids)
        found = [
            result
            for result in self._tables.results.values()
            if result.check_id in asked and (before is None or result.key < before)
        ]
        return sorted(found, key=lambda result: result.key, reverse=True)[:limit]

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        results = self._tables.results
        old = sorted(
            (key for key, result in results.items() if result.slot < instant),
            key=lambda key: key[1],
        )[:limit]
        for key in old:
            del results[key]
        return len(old)
