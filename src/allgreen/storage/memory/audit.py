"""The history of workspaces, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import final

from allgreen.domain.identity import ServiceId
from allgreen.ports import AuditRepository, AuditRow
from allgreen.storage.memory.tables import Tables


@final
class MemoryAuditRepository(AuditRepository):
    """The history."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def add(self, rows: Iterable[AuditRow]) -> None:
        for number, row in enumerate(rows, start=max(self._tables.audit, default=-1) + 1):
            self._tables.audit[number] = row

    async def of_service(self, service_id: ServiceId, *, limit: int) -> list[AuditRow]:
        newest_first = reversed(self._tables.audit.values())
        return [row for row in newest_first if row.service_id == service_id][:limit]

    async def delete_before(self, instant: datetime, *, limit: int) -> int:
        rows = self._tables.audit
        old = sorted((row.at, number) for number, row in rows.items() if row.at < instant)[:limit]
        for _, number in old:
            del rows[number]
        return len(old)
