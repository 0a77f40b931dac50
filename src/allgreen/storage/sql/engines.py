"""How connections are made: SQLite with one writer and several readers, PostgreSQL with a pool."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from allgreen.errors import SettingsError, StorageError, StorageFullError
from allgreen.storage.sql import sqlite_driver
from allgreen.storage.sql.faults import lost_connection, postgres_fault, sqlite_fault

BUSY_TIMEOUT_S = 10.0
"""How long a connection of SQLite waits for a lock."""

POOL_TIMEOUT_S = 20.0
_READERS = 6
_POSTGRES_CONNECTIONS = 20
_WAL_LIMIT_BYTES = 64 << 20
# What is sorted, and what a savepoint may have to put back: on a full disk there is no file for it.
_NO_TEMPORARY_FILES = "PRAGMA temp_store=MEMORY"
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # NORMAL would let a commit that was told to people vanish with the power.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    _NO_TEMPORARY_FILES,
    f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}",
)
_MIGRATION_PRAGMAS = (*_WRITER_PRAGMAS, "PRAGMA foreign_keys=OFF")
_READER_PRAGMAS = ("PRAGMA query_only=ON", _NO_TEMPORARY_FILES)
_SERVER_SETTINGS = {
    "application_name": "allgreen",
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


def parse_url(url: str) -> URL:
    """Read a database URL; ``postgresql://`` and ``sqlite:///path`` get their async drivers.

    Raises:
        SettingsError: It is no URL of a database that Allgreen can use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        # What was given may hold a password, so it is not repeated.
        raise SettingsError("ALLGREEN_DATABASE_URL", _WANTED) from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            path = str(Path(parsed.database).absolute())
            return parsed.set(drivername="sqlite+aiosqlite", database=path)
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+asyncpg")
        case _:
            raise SettingsError("ALLGREEN_DATABASE_URL", _WANTED)


_WANTED = "Write sqlite:///path/to/file, or postgresql://user:password@host:5432/database."


def sqlite_writer(url: URL, *, on_full: Callable[[], None] | None = None) -> AsyncEngine:
    """Return an engine of a single connection, so that writers queue here instead of failing.

    `on_full` is called when the disk has no room for what was written.
    """
    # A deferred BEGIN that reads and then writes would fail with "database is locked" as soon as
    # somebody else wrote in between; an immediate one waits for its turn.
    return _sqlite(
        url, begin="BEGIN IMMEDIATE", pragmas=_WRITER_PRAGMAS, connections=1, on_full=on_full
    )


def sqlite_migrator(url: URL) -> AsyncEngine:
    """Return an engine for migrations: a table that is rebuilt must not delete what refers to it.

    SQLite changes this setting only outside of transactions.
    """
    return _sqlite(url, begin="BEGIN IMMEDIATE", pragmas=_MIGRATION_PRAGMAS, connections=1)


def sqlite_readers(url: URL) -> AsyncEngine:
    """Return an engine whose connections see a snapshot each and never wait for the writer."""
    return _sqlite(url, begin="BEGIN", pragmas=_READER_PRAGMAS, connections=_READERS)


def postgres(url: URL) -> AsyncEngine:
    """Return an engine with a pool of connections that are looked at before they are used."""
    place = place_of(url)
    engine = create_async_engine(
        url,
        hide_parameters=True,  # values of people never get into a log
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=_POSTGRES_CONNECTIONS - 5,
        pool_timeout=POOL_TIMEOUT_S,
        connect_args={"timeout": 10, "server_settings": _SERVER_SETTINGS},
    )

    def fault(error: BaseException) -> StorageError | None:
        return postgres_fault(error, place)

    _translate(engine, fault, lost=partial(lost_connection, place))
    return engine


def place_of(url: URL) -> str:
    """Return host and database for people, without user and password."""
    return f"{url.host or 'localhost'}/{url.database}"


def _sqlite(
    url: URL,
    *,
    begin: str,
    pragmas: tuple[str, ...],
    connections: int,
    on_full: Callable[[], None] | None = None,
) -> AsyncEngine:
    path = Path(url.database or "")
    engine = create_async_engine(
        url,
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        # Whoever gives a connection back has ended what it began; to do that again for nothing is
        # a visit to the thread of the connection, while others wait for it.
        pool_reset_on_return=None,
        async_creator=partial(sqlite_driver.connect, path, patience_s=BUSY_TIMEOUT_S),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_as_asked(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def fault(error: BaseException) -> StorageError | None:
        found = sqlite_fault(error, path)
        if on_full is not None and isinstance(found, StorageFullError):
            on_full()
        return found

    _translate(engine, fault, lost=None)
    return engine


def _translate(
    engine: AsyncEngine,
    fault: Callable[[BaseException], StorageError | None],
    *,
    lost: Callable[[], StorageError] | None,
) -> None:
    @event.listens_for(engine.sync_engine, "handle_error")
    def translate(context: ExceptionContext) -> BaseException | None:
        # While a pooled connection is looked at, its error only means: take a new one.
        if context.is_pre_ping:
            return None
        found = fault(context.original_exception)
        is_lost = context.is_disconnect and context.sqlalchemy_exception is not None
        return lost() if found is None and lost is not None and is_lost else found
