"""How the time of each check counts, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import final

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.status import TimeKind
from allgreen.domain.uptime import Span, Tally, tally
from allgreen.ports import SpanRepository
from allgreen.storage.memory.tables import Tables


@final
class MemorySpanRepository(SpanRepository):
    """How the time of each check counts."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def turn(self, check_id: CheckId, at: datetime, kind: TimeKind) -> None:
        spans = [span for span in self._tables.spans.get(check_id, ()) if span.began_at < at]
        if spans and spans[-1].kind is kind:
            spans[-1] = replace(spans[-1], ended_at=None)
        else:
            spans[-1:] = [replace(span, ended_at=at) for span in spans[-1:]]
            spans.append(Span(kind=kind, began_at=at))
        self._tables.spans[check_id] = tuple(spans)

    async def turn_many(self, turns: Iterable[tuple[CheckId, datetime, TimeKind]]) -> None:
        for check_id, at, kind in turns:
            await self.turn(check_id, at, kind)

    async def overlapping(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, list[Span]]:
        found = {
            check_id: [
                span
                for span in self._tables.spans.get(check_id, ())
                if span.began_at < end and (span.ended_at is None or span.ended_at > begin)
            ]
            for check_id in check_ids
        }
        return {check_id: spans for check_id, spans in found.items() if spans}

    async def tallies(
        self, check_ids: Iterable[CheckId], begin: datetime, end: datetime
    ) -> dict[CheckId, Tally]:
        spans = await self.overlapping(check_ids, begin, end)
        return {check_id: tally(own, begin, end) for check_id, own in spans.items()}

    async def of_removed(
        self, service_ids: Iterable[ServiceId], begin: datetime, end: datetime
    ) -> dict[ServiceId, dict[CheckId, list[Span]]]:
        asked, services = set(service_ids), self._tables.services
        gone: dict[ServiceId, list[CheckId]] = defaultdict(list)
        for check_id, owner in self._tables.owners.items():
            if owner in asked and all(check.id != check_id for check in services[owner].checks):
                gone[owner].append(check_id)
        found = {owner: await self.overlapping(ids, begin, end) for owner, ids in gone.items()}
        return {owner: spans for owner, spans in found.items() if spans}
