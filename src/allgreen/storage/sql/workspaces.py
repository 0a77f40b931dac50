"""What the monitoring must know of workspaces, in SQL."""

from __future__ import annotations

from typing import final

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

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
