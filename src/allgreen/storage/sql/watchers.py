"""Watchers and their absences in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.watcher import Absence, Watcher, WatcherState
from allgreen.ports import WatcherRepository
from allgreen.storage.sql.dialect import upsert
from allgreen.storage.sql.tables import absences, watchers


@final
class SqlWatcherRepository(WatcherRepository):
    """One small row for each watcher, and one for each absence."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, name: str) -> Watcher | None:
        query = select(watchers).where(watchers.c.name == name)
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else Watcher(**row)

    async def save(self, watcher: Watcher) -> None:
        row = {
            "name": watcher.name,
            "state": watcher.state,
            "since": watcher.since,
            "seen_at": watcher.seen_at,
        }
        await upsert(self._connection, watchers, [row])

    async def beat(self, name: str, at: datetime) -> None:
        alive = update(watchers).where(watchers.c.name == name).values(seen_at=at)
        await self._connection.execute(alive)

    async def add_absence(self, absence: Absence) -> None:
        row = {
            "watcher": absence.watcher,
            "began_at": absence.began_at,
            "ended_at": absence.ended_at,
            "why": absence.why,
        }
        await self._connection.execute(insert(absences).values(**row))

    async def absences_since(self, instant: datetime) -> list[Absence]:
        query = (
            select(absences.c.watcher, absences.c.began_at, absences.c.ended_at, absences.c.why)
            .where(absences.c.ended_at > instant)
            .order_by(absences.c.ended_at, absences.c.id)
        )
        rows = (await self._connection.execute(query)).mappings()
        return [Absence(**row) for row in rows]


async def find_offline_since(connection: AsyncConnection) -> datetime | None:
    """Return from when no watcher has a network; `None` while one of them has."""
    rows = (await connection.execute(select(watchers.c.state, watchers.c.since))).all()
    if not rows or any(row.state is WatcherState.ONLINE for row in rows):
        return None
    begins: list[datetime] = [row.since for row in rows]
    return max(begins)
