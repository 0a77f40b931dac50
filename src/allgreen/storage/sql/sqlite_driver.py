"""aiosqlite with one visit to its thread for each statement.

As it comes it makes four: to open a cursor, to execute, to fetch and to close. Each costs two
switches of threads, which is most of the price of a small statement, and the one writer waits
meanwhile. SQLAlchemy fetches all rows of a statement at once anyway.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self, final

import aiosqlite

_IN_ONE_VISIT = 64  # rows; asked for by the constructor, and of no use here

Run = Callable[..., Awaitable[Any]]


async def connect(path: Path, *, patience_s: float) -> OneVisitConnection:
    """Open a connection that begins no transaction by itself.

    Args:
        path: File of the database; made when it is not there.
        patience_s: Seconds to wait while another connection writes.
    """

    def connector() -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=patience_s, isolation_level=None)

    connection = OneVisitConnection(connector, _IN_ONE_VISIT)
    await connection
    return connection


@final
class OneVisitConnection(aiosqlite.Connection):
    """A connection whose cursors live outside of its thread."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], iter_chunk_size: int) -> None:
        super().__init__(connector, iter_chunk_size)
        # A connection that somebody forgot must not keep the process from ending.
        self._thread.daemon = True
        self._first: list[str] = []

    def cursor(self) -> OneVisitCursor:  # type: ignore[override]  # no await: nothing to wait for
        """Return a cursor, without any visit."""
        return OneVisitCursor(self._execute, self._reach)

    def put_first(self, sql: str) -> None:
        """Execute a statement without rows before the next one, in the visit of that."""
        self._first.append(sql)

    def _reach(self) -> sqlite3.Connection:
        """Return the connection, in its thread, with all done that was put first."""
        while self._first:
            self._conn.execute(self._first[0])
            del self._first[0]
        return self._conn


@final
class OneVisitCursor:
    """Executes and fetches in one go; holds nothing of SQLite between two statements."""

    def __init__(self, run: Run, connection: Callable[[], sqlite3.Connection]) -> None:
        self._run = run
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement and fetch its rows."""
        await self._run(self._execute, sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Execute a statement for each set of parameters."""
        await self._run(self._executemany, sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """Return the rows that were fetched."""
        return self._rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = []

    def _execute(self, sql: str, parameters: Sequence[Any]) -> None:
        self._keep(self._connection().execute(sql, parameters))

    def _executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._keep(self._connection().executemany(sql, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        # The count is right only after all rows of a RETURNING were fetched.
        self._rows = cursor.fetchall() if cursor.description else []
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()
