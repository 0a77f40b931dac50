"""What the monitoring must know of workspaces, in SQL."""

from __future__ import annotations

from datetime import date
from typing import final

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from allgreen.ports import WorkspaceRepository
from allgreen.storage.sql.tables import workspaces


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
