"""A PostgreSQL of these tests' own, which is stopped, filled and made read-only under Allgreen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql.database import Database
from tests.contract.build import CHECK, MINUTE, NOON, a_result
from tests.integration.storage.conftest import SECRET_KEY, add_workspace
from tests.services import Services

pytestmark = pytest.mark.postgres

BACK_WITHIN_S = 5


class OwnPostgres(Services):
    """One server that a test may treat as it likes."""

    def begin(self) -> str:
        """Start it and return its address."""
        self.folder.chmod(0o755)
        self.address = self._start_postgres()
        return self.address

    def stop_at_once(self) -> None:
        """Stop it as a crash would: nothing is written, nobody is told."""
        self._processes[-1].send_signal(signal.SIGQUIT)
        self._processes[-1].wait(30)

    def start_again(self) -> None:
        """Start it with what it had; from the main thread, with which it ends."""
        command: Any = self._processes[-1].args
        self._start(command, cwd=self.folder / "postgres", log=self.folder / "postgres.log")
        self._wait_for_postgres(self.address)

    def execute(self, statement: Any) -> None:
        """Do something as its superuser."""
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def end(self) -> None:
        """Stop it and remove its files."""
        self._listener = _Nobody()  # type: ignore[assignment]  # nobody asked it for addresses
        self.close()


class _Nobody:
    def close(self) -> None:
        """Nobody listens."""


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    """A server that is started once for this file."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("ALLGREEN_TEST_POSTGRES", raising=False)
        own = OwnPostgres()
        own.begin()
    own.execute("create role allgreen login")
    own.execute("create database allgreen owner allgreen")
    yield own
    own.end()


@pytest.fixture
async def database(server: OwnPostgres) -> AsyncIterator[Database]:
    """A migrated database on it, used as an ordinary role, without results."""
    url = f"{server.address.replace('postgres@', 'allgreen@')}/allgreen"
    async with Database(url, SECRET_KEY) as opened:
        if await opened.migrate():
            await add_workspace(opened)
        async with opened.unit_of_work() as unit:
            await unit.connection.exec_driver_sql("truncate results")
            await unit.commit()
        yield opened


async def _store(database: Database, minutes: int) -> None:
    async with database.unit_of_work() as unit:
        await unit.results.add([a_result(NOON + minutes * MINUTE)])
        await unit.commit()


async def _stored(database: Database) -> int:
    async with database.unit_of_work() as unit:
        return len(await unit.results.latest([CHECK], limit=99))


async def _until_it_works(step: Callable[[], Awaitable[None]]) -> None:
    """Repeat a step as the loops of the monitor do, and take no other error than theirs."""
    async with asyncio.timeout(BACK_WITHIN_S):
        while True:
            try:
                await step()
            except StorageUnavailableError:
                await asyncio.sleep(0)
            else:
                return


async def _until_refused(database: Database) -> None:
    async with asyncio.timeout(BACK_WITHIN_S):
        while True:
            await _store(database, 0)


async def test_what_was_committed_outlives_crashes_and_the_pool_finds_its_way_back(
    server: OwnPostgres, database: Database
) -> None:
    for number in range(3):
        await _store(database, number)
        server.stop_at_once()

        with pytest.raises(StorageUnavailableError, match="cannot be used"):
            await _store(database, 50 + number)

        server.start_again()
        await _until_it_works(database.check)

    assert await _stored(database) == 3


async def test_transaction_that_a_crash_cut_is_told_and_leaves_nothing(
    server: OwnPostgres, database: Database
) -> None:
    async def be_cut() -> None:
        async with database.unit_of_work() as unit:
            await unit.results.add([a_result()])
            server.stop_at_once()
            await unit.commit()

    with pytest.raises(StorageUnavailableError, match="cannot be used"):
        await be_cut()

    server.start_again()
    await _until_it_works(database.check)
    assert await _stored(database) == 0


async def test_server_that_became_read_only_is_read_and_refuses_changes(
    server: OwnPostgres, database: Database
) -> None:
    server.execute("alter system set default_transaction_read_only = on")
    server.execute("select pg_reload_conf()")
    try:
        with pytest.raises(StorageUnavailableError, match="read-only"):
            await _until_refused(database)
        await database.check()
    finally:
        server.execute("alter system reset default_transaction_read_only")
        server.execute("select pg_reload_conf()")

    await _until_it_works(lambda: _store(database, 1))


async def test_full_connection_slots_are_told_and_used_once_they_are_free(
    server: OwnPostgres, database: Database
) -> None:
    await database.close()
    server.execute("alter role allgreen connection limit 1")
    holder = psycopg.connect(f"{server.address.replace('postgres@', 'allgreen@')}/allgreen")
    try:
        with pytest.raises(StorageUnavailableError, match="too many connections"):
            await database.open()
    finally:
        holder.close()
        server.execute("alter role allgreen connection limit -1")

    await _until_it_works(database.open)
    await database.check()
