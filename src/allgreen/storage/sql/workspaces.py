"""What the monitoring must know of workspaces, in SQL."""

from __future__ import annotations

from datetime import date
from typing import final

from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from allgreen.ports import WorkspaceRepository
from allgreen.storage.sql.tables import workspaces


@final
class SqlWorkspaceRepository(WorkspaceRepository):
    """Workspaces."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def zone(self, workspace_id: WorkspaceId) -> str:
        return await self._value(workspaces.c.zone, workspace_id)

    async def zones(self) -> list[str]:
        query = select(workspaces.c.zone).distinct().order_by(workspaces.c.zone)
        return list((await self._connection.execute(query)).scalars())

    async def calendar(self, workspace_id: WorkspaceId) -> Calendar:
        query = select(workspaces).where(workspaces.c.id == workspace_id)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            raise NotFoundError("workspace")
        return calendar_from_row(row)

    async def save_calendar(self, workspace_id: WorkspaceId, calendar: Calendar) -> None:
        earlier = [[until.isoformat(), zone] for until, zone in calendar.earlier]
        change = update(workspaces).where(workspaces.c.id == workspace_id)
        await self._connection.execute(change.values(zone=calendar.zone, earlier_zones=earlier))

    async def name(self, workspace_id: WorkspaceId) -> str:
        return await self._value(workspaces.c.name, workspace_id)

    async def ids(self) -> list[WorkspaceId]:
        query = select(workspaces.c.id).order_by(workspaces.c.id)
        return [WorkspaceId(id_) for id_ in (await self._connection.execute(query)).scalars()]

    async def _value(self, column: ColumnElement[str], workspace_id: WorkspaceId) -> str:
        query = select(column).where(workspaces.c.id == workspace_id)
        value: str | None = (await self._connection.execute(query)).scalar_one_or_none()
        if value is None:
            raise NotFoundError("workspace")
        return value


def calendar_from_row(row: RowMapping) -> Calendar:
    """Build the calendar of a workspace from a row of its table."""
    earlier = row["earlier_zones"] or ()
    return Calendar(
        zone=row["zone"],
        earlier=tuple((date.fromisoformat(until), zone) for until, zone in earlier),
    )
