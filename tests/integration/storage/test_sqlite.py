"""SQLite as it is used: one process, one writer, readers that never wait, clear words."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text, update

from allgreen.domain.check import HttpOptions
from allgreen.errors import (
    SecretUnreadableError,
    SettingsError,
    StorageFullError,
    StorageUnavailableError,
)
from allgreen.storage.sql import engines, sqlite_driver, sqlite_log
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import metadata, results, services, workspaces
from tests.contract.build import (
    MINUTE,
    NOON,
    SERVICE,
    a_check,
    a_result,
    a_service,
    a_slot,
)
from tests.integration.storage.conftest import SECRET_KEY, add_workspace

WHOLE_TABLES = {f"SCAN {table}" for table in (*metadata.tables, "earlier")}
CANARY = "canary-5f1c2e"


async def _service_count(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(services))).scalar_one()


async def _result_count(database: Database) -> int:
    async with database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(results))).scalar_one()


async def _fill(database: Database, *, first: int, count: int) -> None:
    wordy = [
        replace(a_result(NOON + n * MINUTE), message="x" * 300) for n in range(first, first + count)
    ]
    async with database.unit_of_work() as unit:
        await unit.results.add(wordy)
        await unit.commit()


def _size(path: Path) -> int:
    return path.stat().st_size


async def _limit_pages(database: Database, pages: int) -> None:
    async with database.unit_of_work() as unit:
        await unit.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


async def _pages(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.exec_driver_sql("PRAGMA page_count")).scalar_one())


# Poison


@pytest.mark.parametrize(
    "poison",
    [
        'expectation = \'{"is":"unheard of"}\'',
        "options = 'no JSON'",
        "kind = 'unheard of'",
        "secrets = 'of another key'",
    ],
)
async def test_a_check_that_cannot_be_read_keeps_no_other_one_from_its_run(
    database: Database, poison: str
) -> None:
    async with database.unit_of_work() as unit:
        service = a_service(checks=(a_check("check-1"), a_check("check-2")))
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.checks.plan_many({check.id: a_slot() for check in service.checks})
        await unit.connection.exec_driver_sql(f"UPDATE checks SET {poison} WHERE id = 'check-1'")
        await unit.commit()

    async with database.unit_of_work() as unit:
        leased = await unit.checks.lease(now=NOON, limit=9, owner="agent-1", lease_for=MINUTE)
        again = await unit.checks.lease(now=NOON, limit=9, owner="agent-1", lease_for=MINUTE)

    assert [one.check.id for one in leased] == ["check-2"]
    assert again == []


# Keys


async def test_a_key_that_fits_no_secret_is_told_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'allgreen.db'}"
    async with Database(url, SECRET_KEY) as database:
        await database.migrate()
        await add_workspace(database)
        await _add_secret(database, "check-1")
        await database.check_key()

    async with Database(url, "another secret key") as database:
        with pytest.raises(SecretUnreadableError, match="ALLGREEN_SECRET_KEY"):
            await database.check_key()


async def test_a_single_damaged_secret_is_no_wrong_key(database: Database) -> None:
    await _add_secret(database, "check-1", "check-2")
    async with database.unit_of_work() as unit:
        damage = "UPDATE checks SET secrets = 'damaged' WHERE id = 'check-2'"
        await unit.connection.exec_driver_sql(damage)
        await unit.commit()

    await database.check_key()


async def _add_secret(database: Database, *check_ids: str) -> None:
    options = HttpOptions(method="GET", url="http://127.0.0.1:9000/", headers={"X-Key": CANARY})
    listed = tuple(replace(a_check(check_id), options=options) for check_id in check_ids)
    async with database.unit_of_work() as unit:
        service = a_service(checks=listed)
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.commit()


# Durability and concurrency


async def test_commits_are_durable_and_readers_have_their_own_view(database: Database) -> None:
    async with database.unit_of_work() as unit:
        settings = {
            name: (await unit.connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_only_light_commits_do_not_wait_for_the_disk(database: Database) -> None:
    levels = []
    for begin in (
        database.light_unit_of_work,
        database.light_unit_of_work,
        database.urgent_unit_of_work,
        database.light_unit_of_work,
        database.unit_of_work,
    ):
        async with begin() as unit:
            levels.append((await unit.connection.exec_driver_sql("PRAGMA synchronous")).scalar())

    assert levels == [1, 1, 2, 1, 2]


async def test_log_stays_short_although_somebody_reads_at_every_moment(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "LONGEST_LOG_BYTES", 1 << 20)
    monkeypatch.setattr(sqlite_log, "AGAIN_AFTER_S", 0.0)
    log = path.with_name(f"{path.name}-wal")
    longest = 0
    is_over = asyncio.Event()

    async def read_again_and_again() -> None:
        while not is_over.is_set():
            async with database.read() as connection:
                for _ in range(20):
                    await connection.execute(select(func.count()).select_from(results))

    async with asyncio.TaskGroup() as readers:
        for _ in range(4):
            readers.create_task(read_again_and_again())
        for n in range(30):
            await _fill(database, first=500 * n, count=500)
            longest = max(longest, _size(log))
        is_over.set()

    assert _size(path) > 5 << 20
    assert longest < 3 << 20


async def test_reader_is_not_blocked_by_a_writer_and_sees_no_unfinished_work(
    database: Database,
) -> None:
    async with database.unit_of_work() as unit:
        await unit.services.add(a_service())

        async with asyncio.timeout(5):
            assert await _service_count(database) == 0
        await unit.commit()

    assert await _service_count(database) == 1


async def test_reader_keeps_the_moment_at_which_it_began(database: Database) -> None:
    count = select(func.count()).select_from(services)
    async with database.read() as connection:
        before = (await connection.execute(count)).scalar_one()
        async with database.unit_of_work() as unit:
            await unit.services.add(a_service())
            await unit.commit()
        after = (await connection.execute(count)).scalar_one()

    assert (before, after) == (0, 0)


async def test_reader_cannot_write(database: Database) -> None:
    async with database.read() as connection:
        with pytest.raises(StorageUnavailableError, match="may not be written"):
            await connection.execute(services.delete())


async def test_writer_who_waits_too_long_is_told_that_it_is_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "POOL_TIMEOUT_S", 0.01)

    async with Database(f"sqlite:///{path}", SECRET_KEY) as database, database.unit_of_work():
        with pytest.raises(StorageUnavailableError, match="is busy"):
            await database.unit_of_work().__aenter__()


async def test_unit_of_work_keeps_writers_of_other_programs_out_from_its_begin(
    database: Database, path: Path
) -> None:
    with closing(sqlite3.connect(path, timeout=0)) as other:
        async with database.unit_of_work():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("delete from services")

        other.execute("delete from services")


async def test_checks_of_a_held_workspace_are_not_handed_out(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service()])
        await unit.checks.plan_many({a_check().id: a_slot()})
        await unit.connection.execute(update(workspaces).values(is_held=True))
        assert await unit.checks.next_due_at() is None
        assert await unit.checks.lease(now=NOON, limit=1, owner="a", lease_for=MINUTE) == []

        await unit.connection.execute(update(workspaces).values(is_held=False))
        assert await unit.checks.next_due_at() == NOON
        assert len(await unit.checks.lease(now=NOON, limit=1, owner="a", lease_for=MINUTE)) == 1


async def test_frequent_statements_walk_an_index_and_never_a_whole_table(
    database: Database,
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    async with database.unit_of_work() as unit:
        event.listen(unit.connection.sync_connection, "before_cursor_execute", note)
        await unit.checks.lease(now=NOON, limit=9, owner="agent-1", lease_for=MINUTE)
        await unit.checks.next_due_at()
        await unit.outbox.lease(now=NOON, limit=9, lease_for=MINUTE)
        await unit.outbox.cancel(SERVICE)
        await unit.results.latest([a_check().id], limit=9)
        await unit.results.delete_before(NOON, limit=9)
        await unit.services.list_of_checks([a_check().id])
        plans = [
            row.detail
            for statement, parameters in list(asked)
            for row in await unit.connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", parameters
            )
        ]

    assert len(plans) > 20
    assert not [plan for plan in plans if plan in WHOLE_TABLES]


# A full disk


async def test_full_disk_refuses_the_change_and_keeps_what_was(database: Database) -> None:
    await _fill(database, first=0, count=50)
    await _limit_pages(database, await _pages(database) + 2)

    with pytest.raises(StorageFullError, match="is full; nothing of this change was written"):
        await _fill(database, first=50, count=500)

    assert await _result_count(database) == 50
    await database.check()


async def test_writing_goes_on_once_there_is_room_again(database: Database) -> None:
    await _limit_pages(database, await _pages(database) + 2)
    with pytest.raises(StorageFullError):
        await _fill(database, first=0, count=500)

    await _limit_pages(database, 1 << 30)
    await _fill(database, first=0, count=500)

    assert await _result_count(database) == 500
    async with database.read() as connection:
        integrity = await connection.exec_driver_sql("PRAGMA integrity_check")
        assert integrity.scalar_one() == "ok"


async def test_full_disk_inside_a_savepoint_leaves_the_unit_of_work_usable(
    database: Database,
) -> None:
    wordy = [replace(a_result(NOON + n * MINUTE), message="x" * 300) for n in range(500)]
    await _limit_pages(database, await _pages(database) + 2)

    async with database.unit_of_work() as unit:
        with pytest.raises(StorageFullError):
            await unit.results.add(wordy)

    assert await _result_count(database) == 0
    await database.check()


# Files that cannot be used


async def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "allgreen.sqlite3"
    path.write_bytes(b"these are no pages of a database" * 300)
    database = Database(f"sqlite:///{path}", SECRET_KEY)

    for _ in range(2):  # the lock was given back
        with pytest.raises(StorageUnavailableError, match="is damaged, or is no database") as info:
            await database.open()
        assert str(path) in str(info.value)
    assert path.read_bytes().startswith(b"these are no pages")


async def test_damage_in_the_middle_of_the_file_is_told(database: Database, path: Path) -> None:
    await _fill(database, first=0, count=500)
    await database.close()
    _overwrite_from(path, 4096)

    async def open_and_count() -> None:
        async with database:
            await _result_count(database)

    with pytest.raises(StorageUnavailableError, match="is damaged"):
        await open_and_count()


def _overwrite_from(path: Path, offset: int) -> None:
    pages = path.read_bytes()
    path.write_bytes(pages[:offset] + b"\xa5" * (len(pages) - offset))


async def test_path_that_is_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError, match="cannot be used: Is a directory"):
        await Database(f"sqlite:///{tmp_path}", SECRET_KEY).open()


async def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnavailableError, match="Check that the folder exists"):
        await Database(f"sqlite:///{tmp_path}/file/allgreen.sqlite3", SECRET_KEY).open()


async def test_database_that_is_not_open_says_so(path: Path) -> None:
    database = Database(f"sqlite:///{path}", SECRET_KEY)

    with pytest.raises(StorageUnavailableError, match="is not open"):
        await database.check()
    with pytest.raises(StorageUnavailableError, match="is not open"):
        async with database.unit_of_work():
            raise AssertionError("unreachable")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://root:hidden@host/db"],
)
def test_url_of_no_usable_database_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="Write sqlite:///path/to/file") as info:
        Database(url, SECRET_KEY)
    assert "hidden" not in str(info.value)


# One process at a time


async def test_second_opening_is_told_who_holds_the_database(database: Database) -> None:
    second = Database(str(database.url), SECRET_KEY)

    with pytest.raises(StorageUnavailableError, match=rf"\(process {os.getpid()}\)"):
        await second.open()


async def test_closed_database_can_be_opened_again(database: Database) -> None:
    await database.close()
    await database.close()

    async with Database(str(database.url), SECRET_KEY) as again:
        assert await again.pending() == []


async def test_killed_process_leaves_no_lock_behind(database: Database, path: Path) -> None:
    await database.close()
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLD, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    with pytest.raises(StorageUnavailableError, match=rf"\(process {holder.pid}\)"):
        await database.open()

    holder.kill()
    await holder.wait()

    async with database:
        assert await database.pending() == []


_HOLD = """
import asyncio, sys
from allgreen.storage.sql import engines
from allgreen.storage.sql.database import Database

async def hold():
    async with Database(f"sqlite:///{sys.argv[1]}", "key"):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


# Secrets


async def test_secrets_of_a_check_are_nowhere_in_the_files(database: Database, path: Path) -> None:
    options = HttpOptions(
        method="POST",
        url="https://a.example/",
        headers={"Authorization": f"Bearer {CANARY}"},
        body=f'{{"password": "{CANARY}"}}',
    )
    service = a_service(checks=(a_check(options=options),))
    async with database.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.commit()
    files = [file for file in path.parent.rglob("*") if file.is_file()]

    assert any(b"https://a.example/" in file.read_bytes() for file in files)
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    async with database.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).checks[0].options == options


async def test_with_another_secret_key_all_is_read_but_secrets_and_the_log_says_why(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    options = HttpOptions(method="GET", url="https://a.example/", headers={"X-Key": CANARY})
    service = a_service(checks=(a_check(options=options),))
    async with database.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.checks.plan_many({service.checks[0].id: a_slot()})
        await unit.commit()
    await database.close()

    async with (
        Database(str(database.url), "another key") as other,
        other.unit_of_work() as unit,
    ):
        read = await unit.services.get(SERVICE)
        leased = await unit.checks.lease(now=NOON, limit=9, owner="agent-1", lease_for=MINUTE)

    assert read.checks[0].options == replace(options, headers={"X-Key": ""})
    assert leased == []
    assert "secret key does not fit" in caplog.text


async def test_files_are_for_their_user_alone(database: Database, path: Path) -> None:
    await _fill(database, first=0, count=1)

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes["allgreen.sqlite3"] == modes["allgreen.sqlite3-wal"] == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_what_is_put_first_is_done_before_the_next_statement(tmp_path: Path) -> None:
    connection = await sqlite_driver.connect(tmp_path / "some.db", patience_s=1)
    connection.put_first("CREATE TABLE seen (number)")
    connection.put_first("INSERT INTO seen VALUES (1)")

    once = await connection.cursor().execute("SELECT count(*) FROM seen")
    again = await connection.cursor().execute("SELECT count(*) FROM seen")

    assert [*await once.fetchall(), *await again.fetchall()] == [(1,), (1,)]
    await connection.close()


async def test_a_unit_of_work_that_fails_leaves_nothing_begun_behind(database: Database) -> None:
    async def fail() -> None:
        async with database.unit_of_work() as unit:
            await unit.connection.execute(text("CREATE TABLE half (number)"))
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await fail()

    async with database.unit_of_work() as unit:
        await unit.connection.execute(text("CREATE TABLE half (number)"))
        await unit.commit()
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM half"))).scalar() == 0
