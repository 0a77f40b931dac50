"""Database: the one object through which everything reaches SQLite or PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Self, final

from sqlalchemy import URL, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from allgreen.errors import SecretUnreadableError, StorageError, StorageUnavailableError
from allgreen.storage.sql import engines, migrations
from allgreen.storage.sql.cipher import Cipher
from allgreen.storage.sql.faults import busy, sqlite_fault, unreachable
from allgreen.storage.sql.reserve import Reserve
from allgreen.storage.sql.sqlite_file import FileLock, back_up
from allgreen.storage.sql.sqlite_log import WriteAheadLog
from allgreen.storage.sql.tables import checks
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork
from allgreen.storage.sql.writer_queue import WriterQueue


@final
class Database:
    """A database of Allgreen, to be opened before and closed after use.

    On SQLite it is opened by one process only; units of work queue for its one writer, so never
    open one inside another. Reads see a snapshot and are never blocked.

    Attributes:
        cipher: What secrets of checks are encrypted with.
        reserve: Room kept back on the disk; `None` for PostgreSQL, or where none was asked for.

    Args:
        url: ``sqlite:///path`` or ``postgresql://user:password@host/database``.
        secret_key: Secret of the instance; secrets of checks are encrypted with it.
        reserve_bytes: Room that an embedded database keeps back for the day on which its disk is
            full, as a file beside it; see `Reserve`.
        is_guest: Also while another process serves it: for one short transaction of somebody at
            the machine. Nothing is made or brought up to date then.

    Raises:
        SettingsError: The URL is none that Allgreen can use.
    """

    def __init__(
        self, url: str, secret_key: str, *, reserve_bytes: int = 0, is_guest: bool = False
    ) -> None:
        self._url = engines.parse_url(url)
        self.cipher = Cipher(secret_key)
        self._is_guest = is_guest
        self._lock = FileLock(self.path) if self.path and not is_guest else None
        patience_ms = int(engines.BUSY_TIMEOUT_S * 1000)
        self._log = WriteAheadLog(self.path, patience_ms=patience_ms) if self.path else None
        self.reserve: Reserve | None = None
        if self.path and reserve_bytes:
            self.reserve = Reserve(self.path, size_bytes=reserve_bytes)
        self._queue = WriterQueue() if self.path else None
        self._writer: AsyncEngine | None = None
        self._reader: AsyncEngine | None = None

    @property
    def url(self) -> URL:
        """Return the address with its driver; it may hold a password."""
        return self._url

    @property
    def path(self) -> Path | None:
        """Return the file of an embedded database; `None` for PostgreSQL."""
        is_file = self._url.get_backend_name() == "sqlite"
        return Path(self._url.database or "") if is_file else None

    @property
    def _where(self) -> str:
        """Where it is, for people: without user and password."""
        return str(self.path or engines.place_of(self._url))

    async def open(self) -> None:
        """Make sure that the database answers and, on SQLite, that nobody else uses it.

        Raises:
            StorageUnavailableError: With one sentence on what to do.
            StorageFullError: The disk is full.
        """
        if self.path:
            self._enter(self.path)
            if self.reserve is not None:
                self.reserve.take()
                await self.reserve.look()
            on_full = self.reserve.give_up if self.reserve else None
            self._writer = engines.sqlite_writer(self._url, on_full=on_full)
            self._reader = engines.sqlite_readers(self._url)
        else:
            self._writer = engines.postgres(self._url)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        try:
            async with self._connect(self._writer) as connection:
                await self._look_into(connection)
            if self._is_guest and await self.pending():
                raise StorageUnavailableError(
                    f"{self._where} is not up to date. Start Allgreen once, or run allgreen "
                    "migrate; then try again."
                )
        except BaseException:
            await self.close()
            raise

    def _enter(self, path: Path) -> None:
        """Take the file for this process, or make sure that there is one to be a guest of."""
        if self._lock:
            self._lock.acquire()
        elif not path.is_file():
            raise StorageUnavailableError(
                f"There is no database at {path}. Set ALLGREEN_DATA_DIR as for allgreen serve, or "
                "start that once first."
            )

    async def close(self) -> None:
        """Give connections and file back; may be called twice."""
        for engine in (self._reader, self._writer):
            if engine is not None:
                await engine.dispose()
        self._writer = self._reader = None
        if self._lock:
            self._lock.release()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def unit_of_work(self) -> SqlUnitOfWork:
        """Return a new transaction over all repositories, not yet begun.

        While the disk is full, to begin it raises `StorageFullError`.
        """
        return SqlUnitOfWork(self._connect_to_write, self.cipher)

    def urgent_unit_of_work(self) -> SqlUnitOfWork:
        """Return one for the watch itself, which on a full disk goes on with what was kept back.

        Raw results are left out there, and counted; marks of sums wait.
        """
        return SqlUnitOfWork(self._connect_urgently, self.cipher, reserve=self.reserve)

    def prompt_unit_of_work(self) -> SqlUnitOfWork:
        """Return an urgent one that, on SQLite, waits for nobody but who is writing already.

        For marks of messages: short, and what is not marked yet would be sent twice by a crash.
        """
        connect = partial(self._connect_urgently, is_prompt=True)
        return SqlUnitOfWork(connect, self.cipher, reserve=self.reserve)

    def light_unit_of_work(self) -> SqlUnitOfWork:
        """Return an urgent one whose commit, on SQLite, does not wait for the disk.

        For leases, sums and retention: what may vanish with the power, because it is done again.
        It reaches the disk with the next commit of another one, never after it.
        """
        connect = partial(self._connect_urgently, waits=False)
        return SqlUnitOfWork(connect, self.cipher, reserve=self.reserve)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one moment of the database and cannot change it.

        Raises:
            StorageUnavailableError: The database cannot be reached.
        """
        async with self._connect(self._reader) as connection, connection.begin():
            yield connection

    async def check(self) -> None:
        """Make sure that the database answers; quick, and no writer waits for it.

        Raises:
            StorageUnavailableError: It does not.
        """
        async with self._connect(self._reader) as connection:
            await self._look_into(connection)

    async def check_key(self) -> None:
        """Make sure that the secret key is the one with which stored secrets were written.

        A few of the newest are tried; one that fits is enough, for another may have been damaged.

        Raises:
            SecretUnreadableError: None of them can be read.
        """
        query = (
            select(checks.c.secrets)
            .where(checks.c.secrets.is_not(None), checks.c.is_deleted.is_(False))
            .order_by(checks.c.id.desc())
            .limit(10)
        )
        async with self.read() as connection:
            stored = (await connection.execute(query)).scalars().all()
        if stored and not any(self.cipher.fits(secret) for secret in stored):
            raise SecretUnreadableError

    async def pending(self) -> list[str]:
        """Return the revisions that `migrate` would apply, oldest first.

        Raises:
            StorageUnavailableError: The database was written by a newer Allgreen.
        """
        async with self._connect(self._writer) as connection:
            return await connection.run_sync(migrations.pending)

    async def migrate(self) -> list[str]:
        """Bring the schema up to date in one transaction; return the revisions that were applied.

        A SQLite database that holds something is copied first, into ``backups`` beside it.

        Raises:
            StorageUnavailableError: The database was written by a newer Allgreen.
        """
        pending = await self.pending()
        if not pending:
            return []
        if self.path is None:
            async with self._connect(self._writer) as connection:
                return await self._upgrade(connection)
        await self._back_up(self.path)
        engine = engines.sqlite_migrator(self._url)
        try:
            async with self._connect(engine) as connection:
                return await self._upgrade(connection)
        finally:
            await engine.dispose()

    async def _look_into(self, connection: AsyncConnection) -> None:
        # On SQLite a query without a table would not even look into the file.
        table = "sqlite_master" if self.path else "pg_catalog.pg_class"
        await connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1"))  # noqa: S608

    async def _back_up(self, path: Path) -> None:
        async with self._connect(self._writer) as connection:
            revision = await connection.run_sync(migrations.current)
        if revision is None:
            return
        try:
            await asyncio.to_thread(back_up, path, revision)
        except (sqlite3.Error, OSError) as error:
            raise sqlite_fault(error, path) or error from error

    async def _upgrade(self, connection: AsyncConnection) -> list[str]:
        async with connection.begin():
            return await connection.run_sync(migrations.upgrade)

    @asynccontextmanager
    async def _connect_to_write(self) -> AsyncIterator[AsyncConnection]:
        async with self._connect_urgently() as connection:
            if self.reserve is not None and self.reserve.is_given_up:
                raise self.reserve.refuse()
            yield connection

    @asynccontextmanager
    async def _connect_urgently(
        self, *, waits: bool = True, is_prompt: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        if self.reserve is not None:
            await self.reserve.look()
        async with self._place(is_prompt=is_prompt), self._connect(self._writer) as connection:
            if self._log is not None:
                is_full = self.reserve is not None and self.reserve.is_given_up
                await self._log.prepare(connection, waits=waits, is_full=is_full)
            yield connection

    @asynccontextmanager
    async def _place(self, *, is_prompt: bool) -> AsyncIterator[None]:
        if self._queue is None:
            yield
            return
        async with AsyncExitStack() as stack:
            try:
                place = self._queue.place(is_prompt=is_prompt, patience_s=engines.POOL_TIMEOUT_S)
                await stack.enter_async_context(place)
            except TimeoutError:
                raise busy(self._where) from None
            yield

    @asynccontextmanager
    async def _connect(self, engine: AsyncEngine | None) -> AsyncIterator[AsyncConnection]:
        if engine is None:
            raise StorageUnavailableError("The database is not open.")
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
            except PoolTimeoutError:
                raise busy(self._where) from None
            except StorageError:
                raise
            except OSError as error:
                # The driver of PostgreSQL lets these through as they are while it connects.
                raise unreachable(self._where, error) from error
            yield connection
