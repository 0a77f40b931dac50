"""What a driver says, as one sentence that says what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from allgreen.errors import StorageError, StorageFullError, StorageUnavailableError
from allgreen.storage.sql.faults import (
    busy,
    file_fault,
    lost_connection,
    postgres_fault,
    sqlite_fault,
    unreachable,
)

PLACE = "db.example/allgreen"


def _sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("the driver's own words")
    error.sqlite_errorcode = code
    return error


class _PostgresError(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate
        super().__init__("the server's own words.")


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_FULL, StorageFullError, "is full; nothing of this change was written"),
        (sqlite3.SQLITE_NOTADB, StorageUnavailableError, "put a copy from"),
        (sqlite3.SQLITE_CORRUPT, StorageUnavailableError, "is damaged"),
        (sqlite3.SQLITE_CORRUPT_VTAB, StorageUnavailableError, "is damaged"),
        (sqlite3.SQLITE_BUSY, StorageUnavailableError, "locked by another program"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StorageUnavailableError, "may not be written"),
        (sqlite3.SQLITE_CANTOPEN, StorageUnavailableError, "Check that its folder exists"),
        (sqlite3.SQLITE_IOERR_READ, StorageUnavailableError, "that the disk works"),
    ],
)
def test_sqlite_code_says_what_to_do(
    tmp_path: Path, code: int, kind: type[StorageError], words: str
) -> None:
    path = tmp_path / "allgreen.sqlite3"

    fault = sqlite_fault(_sqlite_error(code), path)

    assert type(fault) is kind
    assert words in str(fault)
    assert str(path) in str(fault)
    assert "own words" not in str(fault)


def test_io_error_in_a_folder_that_is_gone_is_no_full_disk(tmp_path: Path) -> None:
    fault = sqlite_fault(_sqlite_error(sqlite3.SQLITE_IOERR), tmp_path / "gone" / "db")

    assert type(fault) is StorageUnavailableError


@pytest.mark.parametrize(
    "error", [_sqlite_error(sqlite3.SQLITE_ERROR), sqlite3.InterfaceError("x"), KeyError("x")]
)
def test_error_about_a_statement_says_nothing_of_the_storage(
    tmp_path: Path, error: Exception
) -> None:
    assert sqlite_fault(error, tmp_path / "db") is None
    assert postgres_fault(error, PLACE) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_file_error_of_a_full_disk_is_told_as_such(tmp_path: Path, number: int) -> None:
    error = OSError(number, os.strerror(number))

    assert type(file_fault(error, tmp_path)) is StorageFullError
    assert type(sqlite_fault(error, tmp_path)) is StorageFullError


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", StorageFullError, "Make room there"),
        ("53300", StorageUnavailableError, "the server's own words. Check that it runs"),
        ("57P01", StorageUnavailableError, "ALLGREEN_DATABASE_URL"),
        ("08006", StorageUnavailableError, "ALLGREEN_DATABASE_URL"),
        ("28P01", StorageUnavailableError, "ALLGREEN_DATABASE_URL"),
        ("3D000", StorageUnavailableError, "ALLGREEN_DATABASE_URL"),
        ("25006", StorageUnavailableError, "ALLGREEN_DATABASE_URL"),
        ("40P01", StorageUnavailableError, "too busy for this now; nothing was changed"),
        ("55P03", StorageUnavailableError, "Try again"),
        ("57014", StorageUnavailableError, "Try again"),
    ],
)
def test_postgres_state_says_what_to_do(state: str, kind: type[StorageError], words: str) -> None:
    fault = postgres_fault(_PostgresError(state), PLACE)

    assert type(fault) is kind
    assert words in str(fault)
    assert PLACE in str(fault)


@pytest.mark.parametrize("state", ["23505", "22001", "42P01", "25P02"])
def test_postgres_state_about_a_statement_says_nothing_of_the_storage(state: str) -> None:
    assert postgres_fault(_PostgresError(state), PLACE) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "Connection refused"),
        (TimeoutError(), "it did not answer in time"),
        (OSError("Multiple exceptions:\n one, two"), "Multiple exceptions: one, two."),
    ],
    ids=["refused", "timeout", "without a number"],
)
def test_server_that_cannot_be_reached_is_one_line(error: OSError, words: str) -> None:
    for fault in (postgres_fault(error, PLACE), unreachable(PLACE, error)):
        assert words in str(fault)
        assert "\n" not in str(fault)


def test_lost_connection_and_a_busy_pool_are_unavailable() -> None:
    assert "the connection was lost" in str(lost_connection(PLACE))
    assert "no connection became free" in str(busy(PLACE))
    assert isinstance(lost_connection(PLACE), StorageUnavailableError)
    assert isinstance(busy(PLACE), StorageUnavailableError)
