"""Databases: every way in which programs hold one, against real SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.database import database

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


async def read(target: Any, **options: Any) -> ComponentStatus:
    """Return what the check says: in a thread as far as it blocks, then on the loop."""
    value = await asyncio.to_thread(database(target, **options))
    if asyncio.iscoroutine(value):
        value = await value
    assert isinstance(value, ComponentStatus)
    return value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.sqlite3"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@asynccontextmanager
async def an_async_engine(file: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    yield engine
    await engine.dispose()


# SQLAlchemy -------------------------------------------------------------------------------------


async def test_an_engine(engine: Engine) -> None:
    found = await read(engine)

    assert (found.status, found.message) == (HEALTHY, "Database answers")
    assert found.metadata == {"pool": {"size": 5, "idle": 1, "in_use": 0, "overflow": 0}}


async def test_a_thousand_probes_of_an_engine_open_one_connection(engine: Engine) -> None:
    check = database(engine)
    for _ in range(1000):
        check()

    found = await read(engine)

    assert found.metadata["pool"]["idle"] == 1


async def test_a_pool_that_keeps_nothing_is_described_by_its_name(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)

    assert (await read(engine)).metadata == {"pool": "NullPool"}


async def test_an_async_engine(file: Path) -> None:
    async with an_async_engine(file) as engine:
        found = await read(engine)

        assert found.status is HEALTHY
        assert found.metadata["pool"]["in_use"] == 0


async def test_factories_of_sessions_and_sessions(engine: Engine) -> None:
    factory = sessionmaker(engine)
    with Session(engine) as session:
        for target in (factory, scoped_session(factory), session):
            assert (await read(target)).status is HEALTHY
        assert not session.in_transaction()
    assert engine.pool.status().count("Checked out connections: 0") == 1


async def test_async_factories_of_sessions_and_sessions(file: Path) -> None:
    async with an_async_engine(file) as engine:
        factory = async_sessionmaker(engine)
        async with AsyncSession(engine) as session:
            for target in (factory, session):
                assert (await read(target)).status is HEALTHY
            assert not session.in_transaction()


async def test_an_engine_that_cannot_connect_raises(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/absent/shop.sqlite3")

    with pytest.raises(Exception, match="unable to open database file"):
        await read(engine)


async def test_figures_of_a_pool_can_come_from_elsewhere(engine: Engine) -> None:
    found = await read(engine, stats_source=lambda: {"waiting": 3})

    assert found.metadata == {"pool": {"waiting": 3}}


async def test_figures_that_cannot_be_read_do_not_make_a_database_unhealthy(engine: Engine) -> None:
    def fail() -> None:
        raise OSError("no figures")

    found = await read(engine, stats_source=fail)

    assert (found.status, found.metadata) == (HEALTHY, {"pool": "OSError: no figures"})


# DB-API and functions ---------------------------------------------------------------------------


async def test_a_function_that_opens_a_connection_and_closes_it(file: Path) -> None:
    assert (await read(lambda: closing(sqlite3.connect(file)))).status is HEALTHY


async def test_a_connection_that_threads_may_share(file: Path) -> None:
    with closing(sqlite3.connect(file, check_same_thread=False)) as connection:
        connection.execute("create table t (x)")
        connection.execute("insert into t values (1)")

        assert (await read(connection)).status is HEALTHY
        assert connection.in_transaction, "what the program has begun is not ended by us"


async def test_a_connection_of_another_thread_raises(file: Path) -> None:
    with (
        closing(sqlite3.connect(file)) as connection,
        pytest.raises(sqlite3.ProgrammingError, match="thread"),
    ):
        await read(connection)


async def test_a_function_that_lends_a_connection(file: Path) -> None:
    lent: list[str] = []

    @contextmanager
    def lend() -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(file)) as connection:
            yield connection
        lent.append("back")

    assert (await read(lend)).status is HEALTHY
    assert lent == ["back"]


@pytest.mark.parametrize(("value", "status"), [(None, HEALTHY), (1, HEALTHY), (False, UNHEALTHY)])
async def test_a_function_that_asks_is_believed(value: object, status: HealthStatus) -> None:
    assert (await read(lambda: value)).status is status


async def test_a_function_that_says_more_is_believed() -> None:
    said = ComponentStatus("database", DEGRADED, "The replica lags")

    assert await read(lambda: said) is said


# Django -----------------------------------------------------------------------------------------

DJANGO = """
import os, sys, threading
import django
from django.conf import settings
settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "CONN_MAX_AGE": None,
}})
django.setup()
from allgreen.health.components.database import database

check = database("default")
for _ in range(1000):
    thread = threading.Thread(target=check)
    thread.start()
    thread.join()
open_files = os.listdir("/proc/self/fd")
print(check().status, sum(os.path.exists(f"/proc/self/fd/{one}") and
    os.readlink(f"/proc/self/fd/{one}") == sys.argv[1] for one in open_files))
try:
    database("other")()
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.semantics(26, "L15")
async def test_a_database_of_django_by_its_alias_leaves_no_connection_open(file: Path) -> None:
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", DJANGO, str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout.split() == ["healthy", "0", "ConnectionDoesNotExist"], ended.stderr


# PostgreSQL -------------------------------------------------------------------------------------


@pytest.mark.postgres
async def test_postgres_by_an_async_engine(postgres_url: str) -> None:
    engine = create_async_engine(postgres_url)

    assert (await read(engine)).status is HEALTHY
    await engine.dispose()


@pytest.mark.postgres
async def test_postgres_by_a_pool_of_asyncpg(postgres_database: str) -> None:
    async with asyncpg.create_pool(postgres_database, min_size=1, max_size=2) as pool:
        found = [await read(pool) for _ in range(20)]

    assert {one.status for one in found} == {HEALTHY}
    assert found[-1].metadata["pool"] == {"size": 2, "idle": 1, "in_use": 0}


@pytest.mark.postgres
async def test_postgres_by_a_connection_of_asyncpg(postgres_database: str) -> None:
    connection = await asyncpg.connect(postgres_database)

    assert (await read(connection)).status is HEALTHY
    await connection.close()
    with pytest.raises(asyncpg.InterfaceError):
        await read(connection)


@pytest.mark.postgres
async def test_postgres_by_a_connection_of_psycopg(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        assert (await read(connection)).status is HEALTHY

        idle = psycopg.pq.TransactionStatus.IDLE
        assert connection.info.transaction_status is idle, "no transaction stays open"


@pytest.mark.postgres
async def test_postgres_by_an_async_connection_of_psycopg(postgres_database: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_database) as connection:
        assert (await read(connection)).status is HEALTHY

        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE


@pytest.mark.postgres
async def test_a_transaction_of_the_program_goes_on(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        connection.execute("create temporary table t (x int)")

        assert (await read(connection)).status is HEALTHY

        connection.execute("insert into t values (1)")
        assert connection.execute("select count(*) from t").fetchone() == (1,)


@pytest.mark.postgres
async def test_postgres_that_has_gone_raises_without_the_password(postgres_database: str) -> None:
    address = postgres_database.replace("://postgres@", "://postgres:hunter2@")
    connection = psycopg.connect(address)
    connection.close()

    with pytest.raises(psycopg.OperationalError) as caught:
        await read(connection)

    assert "hunter2" not in str(caught.value)


# What is no database ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        None,
        object(),
        "postgresql://shop:hunter2@db/shop",
        "host=db password=hunter2",
        ":memory:",
        "/var/lib/hunter2.sqlite3",
        b"default",
    ],
)
@pytest.mark.semantics("L11")
def test_an_address_and_what_is_no_database_are_refused(target: object) -> None:
    with pytest.raises(SettingsError, match="database") as caught:
        database(target)

    assert "hunter2" not in str(caught.value)
