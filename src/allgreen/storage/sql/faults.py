"""Driver errors to ours, once: every engine of `Database` passes its errors through here."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from pathlib import Path

from allgreen.errors import StorageError, StorageFullError, StorageUnavailableError

_ROOM_FOR_A_PAGE_BYTES = 1 << 20
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_TAKEN = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
# Classes of SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html) that say
# nothing about the statement: connection, authorization, no such database, read-only standby,
# resources, operator intervention, system, internal.
_UNAVAILABLE = ("08", "28", "3D", "25006", "53", "57P", "58", "XX")
# Rolled back for the sake of others, waited too long for a lock, took too long.
_LOCK_TIMEOUT = "55P03"
_BUSY = ("40", _LOCK_TIMEOUT, "57014")
_DISK_FULL = "53100"


def sqlite_fault(error: BaseException, path: Path) -> StorageError | None:
    """Return what an error of SQLite means; `None` when it says nothing about the storage."""
    if isinstance(error, sqlite3.Error):
        return _fault_of_code(error, path)
    if isinstance(error, OSError):
        return file_fault(error, path)
    return None


def file_fault(error: OSError, path: Path) -> StorageError:
    """Return what an error of the file system means."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(path)
    return StorageUnavailableError(
        f"{path} cannot be used: {error.strerror or error}. "
        "Check that the folder exists and that Allgreen may write in it."
    )


def disk_full(path: Path) -> StorageFullError:
    """Return the error of a change for which the disk has no room."""
    return StorageFullError(
        f"The disk that holds {path} is full; nothing of this change was written. "
        "Make room and try again."
    )


def postgres_fault(error: BaseException, place: str) -> StorageError | None:
    """Return what an error of PostgreSQL or of the way to it means.

    `place` is host and database for people, without user and password.
    """
    state = getattr(error, "sqlstate", None)
    if state == _DISK_FULL:
        return StorageFullError(
            f"The disk of the database {place} is full; nothing of this change was written. "
            "Make room there and try again."
        )
    if isinstance(state, str) and state.startswith(_BUSY):
        return StorageUnavailableError(
            f"The database {place} is too busy for this now; nothing was changed. Try again."
        )
    if isinstance(state, str) and state.startswith(_UNAVAILABLE):
        return _unavailable(place, str(error))
    return unreachable(place, error) if isinstance(error, OSError) else None


def is_lock_timeout(error: StorageError) -> bool:
    """Tell whether PostgreSQL gave up waiting for a lock."""
    return getattr(error.__cause__, "sqlstate", None) == _LOCK_TIMEOUT


def unreachable(place: str, error: OSError) -> StorageError:
    """Return the error of a connection that was not made; a timeout has no words of its own."""
    return _unavailable(place, error.strerror or str(error) or "it did not answer in time")


def lost_connection(place: str) -> StorageError:
    """Return the error of a connection that broke."""
    return _unavailable(place, "the connection was lost")


def busy(place: str) -> StorageError:
    """Return the error of somebody who waited too long for a connection."""
    return StorageUnavailableError(
        f"The database {place} is busy: no connection became free in time. Try again."
    )


def _fault_of_code(error: sqlite3.Error, path: Path) -> StorageError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte; the rest tells details
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not _has_room(path)):
        return disk_full(path)
    if code in _DAMAGED:
        return StorageUnavailableError(
            f"{path} is damaged, or is no database of Allgreen. "
            f"Move it away, or put a copy from {path.parent / 'backups'} in its place."
        )
    if code in _TAKEN:
        return StorageUnavailableError(
            f"{path} is locked by another program. Close that program and try again."
        )
    if code in _FORBIDDEN:
        return StorageUnavailableError(
            f"{path} may not be written. Give Allgreen's user the right to write the file and "
            "its folder."
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        return StorageUnavailableError(
            f"{path} cannot be opened or read. Check that its folder exists, that Allgreen may "
            "write in it, and that the disk works."
        )
    return None


def _has_room(path: Path) -> bool:
    # Some file systems report a full disk as an I/O error.
    try:
        return shutil.disk_usage(path.parent).free >= _ROOM_FOR_A_PAGE_BYTES
    except OSError:
        return True


def _unavailable(place: str, why: str) -> StorageUnavailableError:
    line = " ".join(why.split()).rstrip(".")
    return StorageUnavailableError(
        f"The database {place} cannot be used: {line}. "
        "Check that it runs and that ALLGREEN_DATABASE_URL is right."
    )
