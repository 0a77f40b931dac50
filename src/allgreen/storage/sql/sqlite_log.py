"""The write-ahead log of SQLite: whether commits wait for the disk, and how long it may grow."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import final

from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.storage.sql.sqlite_driver import OneVisitConnection

LONGEST_LOG_BYTES = 32 << 20
"""From here on the log is made short, even if readers must be waited for."""

LONGEST_WAIT_MS = 200
"""For them; a reader that takes longer is asked again after `AGAIN_AFTER_S`."""

AGAIN_AFTER_S = 2.0
_PAGES_BEFORE_CHECKPOINT = 4096
_PAGES_BEFORE_CHECKPOINT_WHEN_FULL = 256  # a long log would take the room that was kept back


@final
class WriteAheadLog:
    """Looks after the log of one database, before each of its transactions.

    Args:
        database: The file beside which the log lies.
        patience_ms: How long the writer waits for a lock at other times.
    """

    def __init__(self, database: Path, *, patience_ms: int) -> None:
        self._file = database.with_name(f"{database.name}-wal")
        self._patience_ms = patience_ms
        self._asked_at_s = float("-inf")

    async def prepare(self, connection: AsyncConnection, *, waits: bool, is_full: bool) -> None:
        """Make a connection ready for a transaction; none may have begun.

        Args:
            connection: The one that writes.
            waits: Whether the commit waits until the disk has it. Commits that do not wait lie
                before the next one that does, in the same log, and reach the disk with it.
            is_full: Whether the disk is full.
        """
        pages = _PAGES_BEFORE_CHECKPOINT_WHEN_FULL if is_full else _PAGES_BEFORE_CHECKPOINT
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, OneVisitConnection)
        wanted = {"synchronous": "FULL" if waits else "NORMAL", "wal_autocheckpoint": pages}
        for name, value in wanted.items():
            if raw.info.get(name) != value:
                driver.put_first(f"PRAGMA {name}={value}")
                raw.info[name] = value
        if not is_full and self._is_too_long():
            await self._shorten(driver)

    def _is_too_long(self) -> bool:
        try:
            size_bytes = self._file.stat().st_size
        except OSError:
            return False
        now_s = asyncio.get_running_loop().time()
        return size_bytes > LONGEST_LOG_BYTES and now_s - self._asked_at_s >= AGAIN_AFTER_S

    async def _shorten(self, driver: OneVisitConnection) -> None:
        """Bring the log into the database and cut it.

        The checkpoints that SQLite makes by itself wait for nobody: where one reader begins before
        the other has ended, again and again, the log would grow for ever.
        """
        self._asked_at_s = asyncio.get_running_loop().time()
        cursor = driver.cursor()
        await cursor.execute(f"PRAGMA busy_timeout={LONGEST_WAIT_MS}")
        try:
            await cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await cursor.execute(f"PRAGMA busy_timeout={self._patience_ms}")
