"""One transaction over all repositories, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, final

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.ports import UnitOfWork
from allgreen.storage.memory.audit import MemoryAuditRepository
from allgreen.storage.memory.checks import MemoryCheckRepository
from allgreen.storage.memory.incidents import MemoryIncidentRepository
from allgreen.storage.memory.outbox import MemoryOutboxRepository
from allgreen.storage.memory.recipients import MemoryRecipientRepository
from allgreen.storage.memory.results import MemoryResultRepository
from allgreen.storage.memory.roll_ups import MemoryRollUpRepository
from allgreen.storage.memory.services import MemoryServiceRepository
from allgreen.storage.memory.spans import MemorySpanRepository
from allgreen.storage.memory.tables import Tables, Workspace
from allgreen.storage.memory.watchers import MemoryWatcherRepository
from allgreen.storage.memory.windows import MemoryWindowRepository
from allgreen.storage.memory.workspaces import MemoryWorkspaceRepository


@final
class MemoryStorage:
    """What is kept while the process lives; `unit_of_work` is a `UnitOfWorkFactory`."""

    def __init__(self) -> None:
        self._kept = _Kept()

    def add_workspace(
        self,
        workspace_id: WorkspaceId,
        *,
        name: str = "",
        zone: str = "UTC",
        admins: Iterable[str] = (),
    ) -> None:
        """Make a workspace known; `admins` are the addresses of its owners and admins."""
        calendar = Calendar(zone=zone)
        workspace = Workspace(name=name, calendar=calendar, admins=tuple(sorted(admins)))
        self._kept.tables.workspaces[workspace_id] = workspace

    def add_operator(self, address: str) -> None:
        """Make the address of somebody known who runs this instance."""
        self._kept.tables.operators[address] = None

    def unit_of_work(self) -> MemoryUnitOfWork:
        """Return a new transaction, not yet begun."""
        return MemoryUnitOfWork(self._kept)


@final
class MemoryUnitOfWork(UnitOfWork):
    """A transaction over copies of all tables."""

    services: MemoryServiceRepository
    checks: MemoryCheckRepository
    results: MemoryResultRepository
    spans: MemorySpanRepository
    incidents: MemoryIncidentRepository
    recipients: MemoryRecipientRepository
    outbox: MemoryOutboxRepository
    audit: MemoryAuditRepository
    roll_ups: MemoryRollUpRepository
    windows: MemoryWindowRepository
    workspaces: MemoryWorkspaceRepository
    watchers: MemoryWatcherRepository

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    async def __aenter__(self) -> Self:
        await self._kept.turn.acquire()
        self._tables = tables = self._kept.tables.copy()
        self.services = MemoryServiceRepository(tables)
        self.checks = MemoryCheckRepository(tables)
        self.results = MemoryResultRepository(tables)
        self.spans = MemorySpanRepository(tables)
        self.incidents = MemoryIncidentRepository(tables)
        self.recipients = MemoryRecipientRepository(tables)
        self.outbox = MemoryOutboxRepository(tables)
        self.audit = MemoryAuditRepository(tables)
        self.roll_ups = MemoryRollUpRepository(tables)
        self.windows = MemoryWindowRepository(tables)
        self.workspaces = MemoryWorkspaceRepository(tables)
        self.watchers = MemoryWatcherRepository(tables)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kept.turn.release()

    async def commit(self) -> None:
        self._kept.tables = self._tables.copy()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        before, revisions = self._tables.copy(), self.services.revisions()
        try:
            yield
        except BaseException:
            self._tables.become(before)
            self.services.restore(revisions)
            raise


@dataclass(slots=True)
class _Kept:
    """What is committed, and whose turn it is to change it."""

    tables: Tables = field(default_factory=Tables)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
