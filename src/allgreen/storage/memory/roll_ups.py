"""Sums of results and time per check and bucket, and the strips, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import final

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Mode
from allgreen.domain.uptime import RollUp
from allgreen.ports import DirtyBucket, Grain, RollUpRepository, Strip
from allgreen.storage.memory.tables import Tables


@final
class MemoryRollUpRepository(RollUpRepository):
    """Sums of results and time per check and bucket."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def mark_dirty(self, buckets: Iterable[DirtyBucket]) -> None:
        self._tables.dirty.update(dict.fromkeys(buckets))

    async def take_dirty(self, *, limit: int) -> list[DirtyBucket]:
        oldest = sorted(self._tables.dirty, key=lambda bucket: (bucket.hour, bucket.check_id))
        taken = oldest[:limit]
        for bucket in taken:
            del self._tables.dirty[bucket]
        return taken

    async def save_many(
        self, grain: Grain, rows: Mapping[CheckId, Mapping[datetime, RollUp]]
    ) -> None:
        for check_id, sums in rows.items():
            for bucket, row in sums.items():
                self._tables.roll_ups[check_id, grain, bucket] = row

    async def load(
        self, check_ids: Iterable[CheckId], grain: Grain, begin: datetime, end: datetime
    ) -> dict[CheckId, dict[datetime, RollUp]]:
        asked = set(check_ids)
        found: dict[CheckId, dict[datetime, RollUp]] = defaultdict(dict)
        for check_id, of_grain, bucket in sorted(self._tables.roll_ups):
            if check_id in asked and of_grain is grain and begin <= bucket < end:
                found[check_id][bucket] = self._tables.roll_ups[check_id, of_grain, bucket]
        return dict(found)

    async def save_service_days(self, rows: Mapping[ServiceId, Mapping[date, RollUp]]) -> None:
        for service_id, days in rows.items():
            for day, row in days.items():
                self._tables.service_days[service_id, day] = replace(row, latencies=LatencySketch())

    async def service_days(
        self, service_ids: Iterable[ServiceId], first: date, last: date
    ) -> dict[ServiceId, dict[date, RollUp]]:
        asked = set(service_ids)
        found: dict[ServiceId, dict[date, RollUp]] = defaultdict(dict)
        for service_id, day in sorted(self._tables.service_days):
            if service_id in asked and first <= day <= last:
                found[service_id][day] = self._tables.service_days[service_id, day]
        return dict(found)

    async def save_strips(self, strips: Mapping[ServiceId, Strip]) -> None:
        self._tables.strips.update(strips)

    async def strips(self, service_ids: Iterable[ServiceId]) -> dict[ServiceId, Strip]:
        strips = self._tables.strips
        return {asked: strips[asked] for asked in service_ids if asked in strips}

    async def services_without_strip_of(
        self, day: date, *, limit: int, zone: str | None = None
    ) -> list[ServiceId]:
        active = sorted(
            service.id
            for service in self._tables.services.values()
            if service.mode is Mode.ACTIVE
            and zone in (None, self._tables.workspaces[service.workspace_id].calendar.zone)
        )
        return [one for one in active if not self._has_strip_of(one, day)][:limit]

    async def delete_before(self, grain: Grain, instant: datetime, *, limit: int) -> int:
        old = sorted(
            (key for key in self._tables.roll_ups if key[1] is grain and key[2] < instant),
            key=lambda key: key[2],
        )[:limit]
        for key in old:
            del self._tables.roll_ups[key]
        return len(old)

    def _has_strip_of(self, service_id: ServiceId, day: date) -> bool:
        strip = self._tables.strips.get(service_id)
        return strip is not None and strip.first + timedelta(days=len(strip.grades) - 1) >= day
