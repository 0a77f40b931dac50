"""One transaction over all repositories, in SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Self, final

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.ports import UnitOfWork
from allgreen.storage.sql.audit import SqlAuditRepository
from allgreen.storage.sql.checks import SqlCheckRepository
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.incidents import SqlIncidentRepository
from allgreen.storage.sql.outbox import SqlOutboxRepository
from allgreen.storage.sql.recipients import SqlRecipientRepository
from allgreen.storage.sql.reserve import Reserve
from allgreen.storage.sql.results import SqlResultRepository
from allgreen.storage.sql.roll_ups import SqlRollUpRepository
from allgreen.storage.sql.services import SqlServiceRepository
from allgreen.storage.sql.spans import SqlSpanRepository
from allgreen.storage.sql.watchers import SqlWatcherRepository
from allgreen.storage.sql.windows import SqlWindowRepository
from allgreen.storage.sql.workspaces import SqlWorkspaceRepository

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]


@final
class SqlUnitOfWork(UnitOfWork):
    """A transaction. On SQLite it holds the only writer: keep it short, and never nest two.

    Attributes:
        connection: For the SQL of ``server/*/actions.py`` in the same transaction.
    """

    connection: AsyncConnection
    services: SqlServiceRepository
    checks: SqlCheckRepository
    results: SqlResultRepository
    spans: SqlSpanRepository
    incidents: SqlIncidentRepository
    recipients: SqlRecipientRepository
    outbox: SqlOutboxRepository
    audit: SqlAuditRepository
    roll_ups: SqlRollUpRepository
    windows: SqlWindowRepository
    workspaces: SqlWorkspaceRepository
    watchers: SqlWatcherRepository

    def __init__(self, connect: Connect, cipher: Cipher, *, reserve: Reserve | None = None) -> None:
        self._connect = connect
        self._cipher = cipher
        self._reserve = reserve
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.connection = await stack.enter_async_context(self._connect())
            await self.connection.begin()
            self._stack = stack.pop_all()
        is_full = self._reserve is not None and self._reserve.is_given_up
        self.services = SqlServiceRepository(self.connection, self._cipher)
        self.checks = SqlCheckRepository(self.connection, self._cipher)
        self.results = SqlResultRepository(self.connection, is_full=is_full)
        self.spans = SqlSpanRepository(self.connection)
        self.incidents = SqlIncidentRepository(self.connection)
        self.recipients = SqlRecipientRepository(self.connection)
        self.outbox = SqlOutboxRepository(self.connection)
        self.audit = SqlAuditRepository(self.connection)
        self.roll_ups = SqlRollUpRepository(self.connection, is_full=is_full)
        self.windows = SqlWindowRepository(self.connection)
        self.workspaces = SqlWorkspaceRepository(self.connection)
        self.watchers = SqlWatcherRepository(self.connection)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Closing a connection rolls back what was not committed.
        await self._stack.aclose()

    async def commit(self) -> None:
        await self.connection.commit()
        self.services.unlock()
        self.workspaces.forget()
        if self._reserve is not None:
            self._reserve.left_out += self.results.left_out
            self.results.left_out = 0

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        seen = self.services.seen
        try:
            async with self.connection.begin_nested():
                yield
        except BaseException:
            self.services.seen = seen
            self.workspaces.forget()
            raise
