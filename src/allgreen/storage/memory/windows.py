"""Definitions of maintenance windows in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import final

from allgreen.domain.identity import ServiceId, WindowId
from allgreen.domain.maintenance import LONGEST, Interval, Window, spent
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.errors import NotFoundError
from allgreen.ports import CoveredCheck, WindowRepository
from allgreen.storage.memory.tables import Tables


@final
class MemoryWindowRepository(WindowRepository):
    """Definitions of maintenance windows."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def get(self, window_id: WindowId, *, lock: bool = False) -> Window:
        definitions = [key for key in self._tables.windows if key[0] == window_id]
        window = self._tables.windows[max(definitions)] if definitions else None
        if window is None or window.cancelled_at is not None:
            raise NotFoundError("maintenance window")
        return window

    async def save(self, windows: Iterable[Window]) -> None:
        self._tables.windows.update({(window.id, window.version): window for window in windows})

    async def covered(self, window: Window) -> list[CoveredCheck]:
        return [
            CoveredCheck(
                service_id=service.id,
                check_id=check.id,
                is_failing=check.state.health is ServiceHealth.DOWN or check.state.bad > 0,
            )
            for _, service in sorted(self._tables.services.items())
            if service.mode is Mode.ACTIVE and window.covers(service.id, service.workspace_id)
            for check in sorted(service.checks, key=lambda check: check.id)
        ]

    async def touching(self, begin: datetime, end: datetime) -> list[Window]:
        return [
            window
            for _, window in sorted(self._tables.windows.items())
            if window.holds_from <= end
            and (window.over_by is None or window.over_by > max(begin, window.holds_from))
        ]

    async def of_services(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, list[Interval]]:
        near = await self.touching(begin - LONGEST, end + LONGEST)
        services = self._tables.services
        asked = {each: services[each].workspace_id for each in service_ids if each in services}
        return spent(near, asked, begin, end)
