"""Watchers and their absences in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import final

from allgreen.domain.watcher import Absence, Watcher
from allgreen.ports import WatcherRepository
from allgreen.storage.memory.tables import Tables


@final
class MemoryWatcherRepository(WatcherRepository):
    """Watchers and their absences."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def find(self, name: str) -> Watcher | None:
        return self._tables.watchers.get(name)

    async def save(self, watcher: Watcher) -> None:
        self._tables.watchers[watcher.name] = watcher

    async def beat(self, name: str, at: datetime) -> None:
        if name in self._tables.watchers:
            self._tables.watchers[name] = replace(self._tables.watchers[name], seen_at=at)

    async def add_absence(self, absence: Absence) -> None:
        self._tables.absences[len(self._tables.absences)] = absence

    async def absences_since(self, instant: datetime) -> list[Absence]:
        kept = self._tables.absences.values()
        found = [absence for absence in kept if absence.ended_at > instant]
        return sorted(found, key=lambda absence: absence.ended_at)
