"""Room kept back for the day on which the disk of an embedded database is full."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import final

from allgreen.errors import StorageFullError
from allgreen.storage.sql.faults import disk_full

logger = logging.getLogger(__name__)

RESERVE_BYTES = 8 << 20
LEAST_FREE_BYTES = 1 << 20
"""With less than that a transaction may not fit; the reserve is given up before one fails."""

LOOK_EVERY_S = 1.0


@final
class Reserve:
    """A file beside the database that is removed when there is no other room on its disk.

    What it frees is for the watch alone: turns of services, incidents and messages still reach
    the disk. Raw results are left out and counted, sums wait, and changes by people are refused.
    As soon as there is room for twice of it, the file is made anew and all is as it was.

    Attributes:
        given_up: Set while the disk is full.
        left_out: How many results were left out since the start.
    """

    def __init__(self, database: Path, *, size_bytes: int = RESERVE_BYTES) -> None:
        self._database = database
        self._file = database.with_name(f"{database.name}.reserve")
        self._size_bytes = size_bytes
        self._looked_at_s = float("-inf")
        self.given_up = asyncio.Event()
        self.left_out = 0

    @property
    def is_given_up(self) -> bool:
        """Return whether the disk is full now."""
        return self.given_up.is_set()

    def take(self) -> None:
        """Make the file, where there is none; a disk without room is full from the start."""
        if not self._is_whole() and not self._make():
            self.give_up()

    def give_up(self) -> None:
        """Remove the file, and tell the operator, once."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
        if not self.is_given_up:
            self.given_up.set()
            logger.error(
                "The disk that holds %s is full. Checks and messages go on, from room that was kept "
                "back for this; results are not kept, and nothing can be changed. Make room: %d MiB "
                "or more.",
                self._database,
                2 * self._size_bytes >> 20,
            )

    async def look(self) -> None:
        """See whether the disk became full, or has room again; to be called before each write."""
        now_s = asyncio.get_running_loop().time()
        if not self.is_given_up:
            if free_bytes(self._database.parent) < LEAST_FREE_BYTES:
                self.give_up()
        elif now_s - self._looked_at_s >= LOOK_EVERY_S:
            self._looked_at_s = now_s
            if await asyncio.to_thread(self._make):
                self.given_up.clear()
                logger.warning(
                    "The disk that holds %s has room again; %d results were not kept so far",
                    self._database,
                    self.left_out,
                )

    def refuse(self) -> StorageFullError:
        """Return the error of somebody who would change something while the disk is full."""
        return disk_full(self._database)

    def _is_whole(self) -> bool:
        try:
            return self._file.stat().st_blocks * 512 >= self._size_bytes
        except OSError:
            return False

    def _make(self) -> bool:
        """Make the file if there is room for twice of it; tell whether it is there."""
        if free_bytes(self._database.parent) < 2 * self._size_bytes:
            return False
        try:
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _occupy(descriptor, self._size_bytes)
            finally:
                os.close(descriptor)
        except OSError:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)
            return False
        return True


def free_bytes(folder: Path) -> int:
    """Return how much an ordinary user may still write there; much when nobody knows."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 1 << 62
    return found.f_bavail * found.f_frsize


def _occupy(descriptor: int, size_bytes: int) -> None:
    """Take blocks now: what is sparse or only promised keeps no room back."""
    if sys.platform == "linux":
        os.posix_fallocate(descriptor, 0, size_bytes)
    else:
        os.write(descriptor, bytes(size_bytes))
        os.fsync(descriptor)
