"""Reads of maintenance windows; when they run is computed from what is stored."""

from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.identity import ServiceId, WorkspaceId
from allgreen.domain.maintenance import Weekday, Window, current, upcoming
from allgreen.domain.status import Mode
from allgreen.server.auth.access import Member
from allgreen.server.maintenance import schemas
from allgreen.server.maintenance.schemas import MaintenanceWindow, Occurrence, WindowState
from allgreen.server.wire import Cut
from allgreen.storage.sql.tables import maintenance_windows, services
from allgreen.storage.sql.windows import window_from_row

_SHOWN = 3


async def list_windows(
    connection: AsyncConnection, member: Member, cut: Cut, now: datetime
) -> list[MaintenanceWindow]:
    """Return the windows of a workspace, the latest planned first, and one more than asked for."""
    query = (
        select(maintenance_windows)
        # An edit ends the definition before it, so one at most of each window is not cancelled.
        .where(
            maintenance_windows.c.workspace_id == member.workspace_id,
            maintenance_windows.c.cancelled_at.is_(None),
        )
        .order_by(maintenance_windows.c.id.desc())
        .limit(cut.limit + 1)
    )
    if cut.after is not None:
        query = query.where(maintenance_windows.c.id < cut.after[0])
    rows = (await connection.execute(query)).mappings()
    return [show_window(window_from_row(row), now) for row in rows]


async def count_windows(
    connection: AsyncConnection, workspace_id: WorkspaceId, now: datetime
) -> int:
    """Return how many windows of a workspace are not over."""
    over_by = maintenance_windows.c.over_by
    query = select(func.count()).where(
        maintenance_windows.c.workspace_id == workspace_id,
        maintenance_windows.c.cancelled_at.is_(None),
        or_(over_by.is_(None), over_by > now),
    )
    return int(await connection.scalar(query) or 0)


async def list_service_ids(
    connection: AsyncConnection, workspace_id: WorkspaceId
) -> set[ServiceId]:
    """Return the services that a window of a workspace may cover."""
    query = select(services.c.id).where(
        services.c.workspace_id == workspace_id, services.c.mode != Mode.DELETED
    )
    return {ServiceId(id_) for id_ in (await connection.execute(query)).scalars()}


def show_window(window: Window, now: datetime) -> MaintenanceWindow:
    """Return a window with its state and its next times."""
    recurrence = window.recurrence
    following = upcoming(window, now, _SHOWN)
    state = WindowState.PLANNED if following else WindowState.OVER
    return MaintenanceWindow(
        id=window.id,
        version=window.version,
        name=window.name,
        service_ids=list(window.service_ids),
        zone=window.zone,
        first=window.first,
        at=f"{window.at:%H:%M}",
        duration_minutes=window.duration // timedelta(minutes=1),
        recurrence=schemas.Recurrence(
            repeat=recurrence.repeat,
            weekdays=[each for each in Weekday if each in recurrence.weekdays],
            day=recurrence.day,
            until=recurrence.until,
        ),
        state=WindowState.RUNNING if current([window], now) else state,
        next=[Occurrence(begin=begin, end=end) for begin, end in following],
    )
