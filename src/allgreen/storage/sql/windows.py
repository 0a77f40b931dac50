"""Definitions of maintenance windows in SQL; when they run is computed, never stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, final

from sqlalchemy import ColumnElement, RowMapping, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import CheckId, ServiceId, WindowId, WorkspaceId
from allgreen.domain.maintenance import (
    LONGEST,
    Interval,
    Recurrence,
    Weekday,
    Window,
    current,
    spent,
)
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.errors import NotFoundError
from allgreen.ports import CoveredCheck, WindowRepository
from allgreen.storage.sql.dialect import is_one_of, upsert
from allgreen.storage.sql.tables import checks, maintenance_windows, services


@final
class SqlWindowRepository(WindowRepository):
    """Maintenance windows; one row for each definition."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, window_id: WindowId, *, lock: bool = False) -> Window:
        query = (
            select(maintenance_windows)
            .where(maintenance_windows.c.id == window_id)
            .order_by(maintenance_windows.c.version.desc())
            .limit(1)
        )
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).mappings().first()
        if row is None or row["cancelled_at"] is not None:
            raise NotFoundError("maintenance window")
        return window_from_row(row)

    async def save(self, windows: Iterable[Window]) -> None:
        await upsert(self._connection, maintenance_windows, [_to_row(window) for window in windows])

    async def covered(self, window: Window) -> list[CoveredCheck]:
        query = (
            select(checks.c.service_id, checks.c.id, checks.c.health, checks.c.bad)
            .join(services, services.c.id == checks.c.service_id)
            .where(services.c.workspace_id == window.workspace_id, services.c.mode == Mode.ACTIVE)
            .where(checks.c.is_deleted.is_(False))
            .order_by(checks.c.service_id, checks.c.id)
        )
        if window.service_ids:
            query = query.where(services.c.id.in_(window.service_ids))
        return [
            CoveredCheck(
                service_id=ServiceId(row.service_id),
                check_id=CheckId(row.id),
                is_failing=row.health is ServiceHealth.DOWN or row.bad > 0,
            )
            for row in await self._connection.execute(query)
        ]

    async def touching(self, begin: datetime, end: datetime) -> list[Window]:
        return await self._list(begin, end)

    async def of_services(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, list[Interval]]:
        asked = services.c.id.in_(list(service_ids))
        of_theirs = maintenance_windows.c.workspace_id.in_(
            select(services.c.workspace_id).where(asked)
        )
        near = await self._list(begin - LONGEST, end + LONGEST, of_theirs)
        if not near:
            return {}
        query = select(services.c.id, services.c.workspace_id).where(asked)
        theirs = {
            ServiceId(row.id): WorkspaceId(row.workspace_id)
            for row in await self._connection.execute(query)
        }
        return spent(near, theirs, begin, end)

    async def covered_at(
        self, instant: datetime, workspace_ids: Iterable[WorkspaceId]
    ) -> ColumnElement[bool]:
        """Return the condition on `services` for being in maintenance at an instant.

        It says nothing about other workspaces than those asked about, and stays as short as it is
        however many windows run.
        """
        theirs = self._is_one_of(maintenance_windows.c.workspace_id, workspace_ids)
        running = current(await self._list(instant, instant, theirs), instant)
        whole = {window.workspace_id for window in running if not window.service_ids}
        # A service of another workspace may be named, but is not covered.
        named = {
            (window.workspace_id, service_id)
            for window in running
            if window.workspace_id not in whole
            for service_id in window.service_ids
        }
        return or_(
            self._is_one_of(services.c.workspace_id, whole),
            and_(
                self._is_one_of(services.c.workspace_id, {each for each, _ in named}),
                self._is_one_of(
                    services.c.workspace_id + "/" + services.c.id, map("/".join, named)
                ),
            ),
        )

    def _is_one_of(self, column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
        return is_one_of(self._connection, column, values)

    async def _list(
        self, begin: datetime, end: datetime, *conditions: ColumnElement[bool]
    ) -> list[Window]:
        over_by, holds_from = maintenance_windows.c.over_by, maintenance_windows.c.holds_from
        query = (
            select(maintenance_windows)
            .where(or_(over_by.is_(None), and_(over_by > begin, over_by > holds_from)))
            .where(holds_from <= end, *conditions)
            .order_by(maintenance_windows.c.id, maintenance_windows.c.version)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [window_from_row(row) for row in rows]


def window_from_row(row: RowMapping) -> Window:
    """Build a definition from a row of its table."""
    return Window(
        id=WindowId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        name=row["name"],
        service_ids=tuple(ServiceId(each) for each in row["service_ids"]),
        zone=row["zone"],
        first=row["first"],
        at=row["at"],
        duration=row["duration"],
        recurrence=Recurrence(
            repeat=row["repeat"],
            weekdays=frozenset(Weekday(each) for each in row["weekdays"]),
            day=row["day"],
            until=row["until"],
        ),
        version=row["version"],
        holds_from=row["holds_from"],
        cancelled_at=row["cancelled_at"],
    )


def _to_row(window: Window) -> dict[str, Any]:
    recurrence = window.recurrence
    return {
        "id": window.id,
        "version": window.version,
        "workspace_id": window.workspace_id,
        "name": window.name,
        "service_ids": list(window.service_ids),
        "zone": window.zone,
        "first": window.first,
        "at": window.at,
        "duration": window.duration,
        "repeat": recurrence.repeat,
        "weekdays": [each for each in Weekday if each in recurrence.weekdays],
        "day": recurrence.day,
        "until": recurrence.until,
        "holds_from": window.holds_from,
        "cancelled_at": window.cancelled_at,
        "over_by": window.over_by,
    }
