"""The file of an embedded database: one holder, and whole copies."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql.sqlite_file import FileLock, back_up


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small database."""
    path = tmp_path / "allgreen.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table numbers (number integer)")
        connection.execute("insert into numbers values (1)")
        connection.commit()
    return path


def _numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("select number from numbers")]


def test_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "a" / "db"), FileLock(tmp_path / "a" / "db")
    first.acquire()

    with pytest.raises(StorageUnavailableError, match=f"process {os.getpid()}"):
        second.acquire()
    first.release()
    second.acquire()

    second.release()


def test_lock_may_be_released_twice(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "db")
    lock.acquire()

    lock.release()
    lock.release()

    FileLock(tmp_path / "db").acquire()


def test_copy_is_whole_private_and_named_by_number_and_label(path: Path) -> None:
    copy = back_up(path, "0001")

    assert copy.name == "allgreen-000001-0001.sqlite3"
    assert _numbers(copy) == [1]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_copy_leaves_out_what_is_not_committed(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode=wal")
        writer.execute("insert into numbers values (2)")
        writer.execute("begin immediate")
        writer.execute("insert into numbers values (3)")

        copy = back_up(path, "0001")

    assert _numbers(copy) == [1, 2]


def test_three_latest_copies_are_kept(path: Path) -> None:
    copies = [back_up(path, f"{n:04}") for n in range(12)]

    assert sorted(path.parent.joinpath("backups").iterdir()) == copies[-3:]


def test_other_files_in_the_folder_are_left_alone(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    mine = folder / "allgreen-by-hand.sqlite3"
    mine.touch()

    for n in range(5):
        back_up(path, str(n))

    assert mine.exists()


def test_rest_of_a_copy_that_was_cut_short_does_no_harm(path: Path) -> None:
    folder = path.parent / "backups"
    folder.mkdir()
    (folder / "allgreen.part").write_bytes(b"half a database")

    copy = back_up(path, "0001")

    assert _numbers(copy) == [1]
    assert list(folder.iterdir()) == [copy]
