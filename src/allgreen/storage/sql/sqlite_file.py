"""The file of an embedded database: one process at a time, and copies before it is changed."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import final

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql.faults import file_fault

COPIES_KEPT = 3


@final
class FileLock:
    """The right to be the one process that uses a database file.

    The kernel gives the lock back when the process ends, however it ends: none is ever stale.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, and make folder and database private to this user.

        Raises:
            StorageUnavailableError: Another process holds it, or the folder cannot be written.
        """
        try:
            self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = _open(self._database.with_name(self._database.name + ".lock"))
        except OSError as error:
            raise file_fault(error, self._database) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Made here, so that no moment exists in which others may read the new database.
            os.close(_open(self._database))
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StorageUnavailableError(
                f"{self._database} is in use by another Allgreen (process {holder or 'unknown'}). "
                "Stop that one first, or start this one with another ALLGREEN_DATA_DIR."
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise file_fault(error, self._database) from error
        self._write_holder(descriptor)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would open a race."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write_holder(self, descriptor: int) -> None:
        # The number is a courtesy: a full disk must not stop a start that only wants to read.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def back_up(database: Path, label: str) -> Path:
    """Copy a database as of one moment, also while it is written; keep the latest copies.

    The copy gets `label`, such as the revision of the schema, into its name, under which it
    appears only once it is whole.
    """
    folder = database.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copies = _copies(folder, database)
    number = _number(copies[-1]) + 1 if copies else 1
    copy = folder / f"{database.stem}-{number:06d}-{label}{database.suffix}"
    unfinished = folder / f"{database.stem}.part"
    unfinished.unlink(missing_ok=True)
    os.close(_open(unfinished))
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as sink:
        source.backup(sink)
    _sync(unfinished)
    unfinished.rename(copy)
    _sync(folder)
    for old in [*copies, copy][:-COPIES_KEPT]:
        old.unlink(missing_ok=True)
    return copy


def _copies(folder: Path, database: Path) -> list[Path]:
    found = folder.glob(f"{database.stem}-*{database.suffix}")
    return sorted((path for path in found if _number(path) > 0), key=_number)


def _number(copy: Path) -> int:
    parts = copy.stem.rsplit("-", 2)
    return int(parts[-2]) if len(parts) == 3 and parts[-2].isdecimal() else 0


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
