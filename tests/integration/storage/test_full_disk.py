"""A full disk: the watch goes on with what was kept back, people are refused, all comes back.

The disk here is as full as these tests say; `./dev faults R7` fills a real one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from allgreen.errors import StorageFullError
from allgreen.ports import DirtyBucket
from allgreen.storage.sql import reserve
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import incidents, outbox, results
from tests.contract.build import (
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    a_notice,
    a_result,
    a_service,
    an_incident,
)
from tests.integration.storage.conftest import SECRET_KEY, add_workspace

RESERVE_BYTES = 2 << 20


@dataclass
class Disk:
    """How much room the disk has, by the word of a test."""

    free_bytes: int = 1 << 40


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk with room for everything, until a test says otherwise."""
    disk = Disk()
    monkeypatch.setattr(reserve, "free_bytes", lambda _folder: disk.free_bytes)
    monkeypatch.setattr(reserve, "LOOK_EVERY_S", 0.0)
    return disk


@pytest.fixture
async def database(disk: Disk, path: Path) -> AsyncIterator[Database]:
    """A database with a reserve, one workspace and one service."""
    async with Database(f"sqlite:///{path}", SECRET_KEY, reserve_bytes=RESERVE_BYTES) as opened:
        await opened.migrate()
        await add_workspace(opened)
        async with opened.unit_of_work() as unit:
            await unit.services.add(a_service())
            await unit.services.save([a_service()])
            await unit.commit()
        yield opened


@dataclass
class ReserveFile:
    """The file of the reserve."""

    path: Path

    @property
    def size_bytes(self) -> int:
        """Room that it takes on the disk; 0 when there is none."""
        return self.path.stat().st_blocks * 512 if self.path.exists() else 0

    @property
    def number(self) -> int:
        """Tells one file from another of the same name."""
        return self.path.stat().st_ino

    @property
    def mode(self) -> int:
        """Who may use it."""
        return self.path.stat().st_mode & 0o777

    def replace_by_folder(self) -> None:
        """Put something in its place that is no file."""
        self.path.mkdir()

    def remove(self) -> None:
        """Remove it."""
        self.path.unlink()


@pytest.fixture
def file(path: Path) -> ReserveFile:
    """The file of the reserve."""
    return ReserveFile(path.with_name(f"{path.name}.reserve"))


async def _count(database: Database, table: Table) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def _write_nothing(database: Database) -> None:
    async with database.urgent_unit_of_work() as unit:
        await unit.commit()


async def _store_result(database: Database, minutes: int = 0) -> None:
    async with database.urgent_unit_of_work() as unit:
        await unit.results.add([a_result(NOON + minutes * MINUTE)])
        await unit.commit()


async def test_reserve_takes_its_room_when_the_database_is_opened(
    database: Database, file: ReserveFile
) -> None:
    assert file.size_bytes >= RESERVE_BYTES
    assert file.mode == 0o600
    assert database.reserve is not None
    assert not database.reserve.is_given_up


async def test_reserve_is_given_up_and_told_once_when_there_is_no_other_room(
    database: Database, disk: Disk, file: ReserveFile, caplog: pytest.LogCaptureFixture
) -> None:
    disk.free_bytes = 1000

    for _ in range(3):
        await _write_nothing(database)

    assert file.size_bytes == 0
    [told] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "Make room: 4 MiB or more" in told.message


async def test_transaction_that_finds_no_room_gives_the_reserve_up(
    database: Database, disk: Disk, file: ReserveFile
) -> None:
    async def overfill() -> None:
        async with database.urgent_unit_of_work() as unit:
            pages = (await unit.connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await unit.connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")
            disk.free_bytes = 3 << 20
            await unit.results.add(a_result(NOON + n * MINUTE) for n in range(500))
            await unit.commit()

    with pytest.raises(StorageFullError):
        await overfill()

    assert file.size_bytes == 0


async def test_turns_incidents_and_messages_are_kept_on_a_full_disk(
    database: Database, disk: Disk
) -> None:
    disk.free_bytes = 0

    async with database.urgent_unit_of_work() as unit:
        await unit.incidents.save(an_incident())
        await unit.outbox.add([a_notice()])
        await unit.commit()

    assert await _count(database, incidents) == 1
    assert await _count(database, outbox) == 1


async def test_results_are_left_out_and_counted_on_a_full_disk(
    database: Database, disk: Disk
) -> None:
    disk.free_bytes = 0
    await _store_result(database)
    await _store_result(database, minutes=1)

    assert await _count(database, results) == 0
    assert database.reserve is not None
    assert database.reserve.left_out == 2


async def test_results_that_will_be_brought_again_are_not_counted(
    database: Database, disk: Disk
) -> None:
    disk.free_bytes = 0

    async with database.urgent_unit_of_work() as unit:
        await unit.results.add([a_result()])

    assert database.reserve is not None
    assert database.reserve.left_out == 0


async def test_sums_wait_on_a_full_disk(database: Database, disk: Disk) -> None:
    mark = DirtyBucket(check_id=CHECK, hour=NOON)
    async with database.urgent_unit_of_work() as unit:
        await unit.roll_ups.mark_dirty([mark])
        await unit.commit()
    disk.free_bytes = 0

    async with database.urgent_unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=9) == []

    disk.free_bytes = 1 << 40
    async with database.urgent_unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=9) == [mark]


async def test_people_read_and_change_nothing_on_a_full_disk(
    database: Database, disk: Disk
) -> None:
    disk.free_bytes = 0

    with pytest.raises(StorageFullError, match="is full; nothing of this change was written"):
        await database.unit_of_work().__aenter__()

    assert await _count(database, results) == 0
    await database.check()
    async with asyncio.timeout(5):  # the refused one gave the only writer back
        await _write_nothing(database)


async def test_all_is_as_before_once_there_is_room_for_twice_the_reserve(
    database: Database, disk: Disk, file: ReserveFile, caplog: pytest.LogCaptureFixture
) -> None:
    disk.free_bytes = 0
    await _store_result(database)

    disk.free_bytes = 2 * RESERVE_BYTES
    await _store_result(database, minutes=1)

    assert file.size_bytes >= RESERVE_BYTES
    assert await _count(database, results) == 1
    assert "has room again; 1 results were not kept" in caplog.messages[-1]
    async with database.unit_of_work() as unit:
        await unit.services.get(SERVICE)


async def test_reserve_comes_first_when_there_is_little_room(
    database: Database, disk: Disk, file: ReserveFile
) -> None:
    disk.free_bytes = 0
    await _write_nothing(database)

    disk.free_bytes = 2 * RESERVE_BYTES - 1
    await _store_result(database)

    assert file.size_bytes == 0
    assert await _count(database, results) == 0


async def test_disk_that_is_full_from_the_start_is_told_and_read(
    database: Database, disk: Disk, file: ReserveFile
) -> None:
    await database.close()
    file.remove()
    disk.free_bytes = 0

    async with database:
        assert database.reserve is not None
        assert database.reserve.is_given_up
        async with database.urgent_unit_of_work() as unit:
            assert (await unit.services.get(SERVICE)).id == SERVICE


async def test_reserve_of_the_last_start_is_used_again(
    database: Database, file: ReserveFile
) -> None:
    await database.close()
    before = file.number

    async with database:
        assert file.number == before


async def test_folder_in_which_no_reserve_can_be_made_counts_as_full(
    database: Database, disk: Disk, file: ReserveFile
) -> None:
    disk.free_bytes = 0
    await _write_nothing(database)
    file.replace_by_folder()

    disk.free_bytes = 1 << 40
    await _store_result(database)

    assert await _count(database, results) == 0
