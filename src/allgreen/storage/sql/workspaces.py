"""What the monitoring must know of workspaces, in SQL."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, final

from sqlalchemy import ColumnElement, RowMapping, Table, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from allgreen.ports import WorkspaceRepository
from allgreen.storage.sql.tables import (
    audit,
    checks,
    dependencies,
    dirty_buckets,
    health_spans,
    incidents,
    leases,
    maintenance_windows,
    outbox,
    recipients,
    results,
    rollup_day,
    rollup_hour,
    rollup_minute,
    service_days,
    services,
    strips,
    workspaces,
)

_OF_CHECKS: Final = (results, health_spans, rollup_minute, rollup_hour, rollup_day, dirty_buckets)
"""Rows that are found by their check; nobody asks for those of a whole workspace."""

_OF_WORKSPACES: Final = (
    leases,
    service_days,
    strips,
    dependencies,
    recipients,
    incidents,
    outbox,
    audit,
    maintenance_windows,
    checks,
    services,
)
"""What refers to others stands before them; what belongs to people goes with the workspace."""


@final
class SqlWorkspaceRepository(WorkspaceRepository):
    """Workspaces, each read once in a transaction: an outage asks for the same one many times."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._read: dict[WorkspaceId, RowMapping] = {}

    def forget(self) -> None:
        """Read anew what is asked for from now on."""
        self._read.clear()

    async def zone(self, workspace_id: WorkspaceId) -> str:
        return str((await self._row(workspace_id))["zone"])

    async def zones(self) -> list[str]:
        query = select(workspaces.c.zone).distinct().order_by(workspaces.c.zone)
        return list((await self._connection.execute(query)).scalars())

    async def calendar(self, workspace_id: WorkspaceId) -> Calendar:
        return calendar_from_row(await self._row(workspace_id))

    async def save_calendar(self, workspace_id: WorkspaceId, calendar: Calendar) -> None:
        earlier = [[until.isoformat(), zone] for until, zone in calendar.earlier]
        change = update(workspaces).where(workspaces.c.id == workspace_id)
        await self._connection.execute(change.values(zone=calendar.zone, earlier_zones=earlier))
        self.forget()

    async def name(self, workspace_id: WorkspaceId) -> str:
        return str((await self._row(workspace_id))["name"])

    async def ids(self) -> list[WorkspaceId]:
        query = select(workspaces.c.id).order_by(workspaces.c.id)
        return [WorkspaceId(id_) for id_ in (await self._connection.execute(query)).scalars()]

    async def remove_before(self, instant: datetime, *, limit: int) -> int:
        gone = select(workspaces.c.id).where(workspaces.c.deleted_at < instant)
        if await self._connection.scalar(gone.limit(1)) is None:
            return 0
        checks_gone = select(checks.c.id).where(checks.c.workspace_id.in_(gone))
        removed = 0
        for table in (*_OF_CHECKS, *_OF_WORKSPACES, workspaces):
            if table in _OF_CHECKS:
                is_gone = table.c.check_id.in_(checks_gone)
            elif table is workspaces:
                is_gone = table.c.id.in_(gone)
            else:
                is_gone = table.c.workspace_id.in_(gone)
            removed += await self._remove(table, is_gone, limit - removed)
            if removed >= limit:
                break
        self.forget()
        return removed

    async def _remove(self, table: Table, is_gone: ColumnElement[bool], limit: int) -> int:
        key = list(table.primary_key.columns)
        some = select(*key).where(is_gone).limit(limit)
        is_one = key[0].in_(some) if len(key) == 1 else tuple_(*key).in_(some)
        return (await self._connection.execute(delete(table).where(is_one))).rowcount

    async def _row(self, workspace_id: WorkspaceId) -> RowMapping:
        if workspace_id not in self._read:
            query = select(workspaces).where(workspaces.c.id == workspace_id)
            row = (await self._connection.execute(query)).mappings().first()
            if row is None:
                raise NotFoundError("workspace")
            self._read[workspace_id] = row
        return self._read[workspace_id]


def calendar_from_row(row: RowMapping) -> Calendar:
    """Build the calendar of a workspace from a row of its table."""
    earlier = row["earlier_zones"] or ()
    return Calendar(
        zone=row["zone"],
        earlier=tuple((date.fromisoformat(until), zone) for until, zone in earlier),
    )
