"""What the monitoring must know of workspaces, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import final

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from allgreen.ports import WorkspaceRepository
from allgreen.storage.memory.tables import Tables, Workspace


@final
class MemoryWorkspaceRepository(WorkspaceRepository):
    """Workspaces."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def zone(self, workspace_id: WorkspaceId) -> str:
        return self._workspace(workspace_id).calendar.zone

    async def zones(self) -> list[str]:
        return sorted({each.calendar.zone for each in self._tables.workspaces.values()})

    async def calendar(self, workspace_id: WorkspaceId) -> Calendar:
        return self._workspace(workspace_id).calendar

    async def save_calendar(self, workspace_id: WorkspaceId, calendar: Calendar) -> None:
        changed = replace(self._workspace(workspace_id), calendar=calendar)
        self._tables.workspaces[workspace_id] = changed

    async def name(self, workspace_id: WorkspaceId) -> str:
        return self._workspace(workspace_id).name

    async def ids(self) -> list[WorkspaceId]:
        return sorted(self._tables.workspaces)

    async def remove_before(self, instant: datetime, *, limit: int) -> int:
        return 0  # here nobody deletes workspaces

    def _workspace(self, workspace_id: WorkspaceId) -> Workspace:
        if workspace_id not in self._tables.workspaces:
            raise NotFoundError("workspace")
        return self._tables.workspaces[workspace_id]
