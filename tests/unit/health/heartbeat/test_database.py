"""Asking a database whether it answers, whatever the program uses it with."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import Engine, NullPool, QueuePool, create_engine
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.heartbeat.database import (
    QUESTION,
    ask,
    read_answer,
    refuse_what_cannot_be_asked,
)
from allgreen.health.heartbeat.file import DatabaseState


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'a.db'}", poolclass=QueuePool)
    yield made
    made.dispose()


@pytest.mark.parametrize(
    "target_of",
    [
        lambda engine: engine,
        lambda engine: lambda: engine,
        sessionmaker,
        Session,
        lambda engine: lambda: Session(engine),
        lambda engine: scoped_session(sessionmaker(engine)),
        lambda engine: engine.connect,
        lambda engine: engine.raw_connection,
    ],
    ids=[
        *("engine", "function of an engine", "factory", "session", "function of a session"),
        *("scoped session", "connect", "driver's connection"),
    ],
)
def test_what_sqlalchemy_offers_is_asked_on_its_pool_and_given_back(
    target_of: Callable[[Engine], object], engine: Engine
) -> None:
    target = target_of(engine)

    refuse_what_cannot_be_asked(target)
    state = read_answer(ask(target))

    assert state is DatabaseState.CONNECTED
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.checkedout() == 0


async def test_what_sqlalchemy_offers_for_asyncio_is_asked_on_its_pool(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}", poolclass=NullPool)
    factory = async_sessionmaker(engine)
    async with factory() as session, engine.connect() as connection:
        for target in (engine, factory, session, connection, engine.connect, lambda: engine):
            assert read_answer(await _ask_async(target)) is DatabaseState.CONNECTED
    await engine.dispose()


def test_a_connection_of_a_driver_is_asked_and_stays_open() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for target in (connection, lambda: connection):
            assert read_answer(ask(target)) is DatabaseState.CONNECTED
        assert connection.execute(QUESTION).fetchone() == (1,)


def test_a_closed_connection_does_not_answer() -> None:
    connection = sqlite3.connect(":memory:")
    connection.close()

    with pytest.raises(sqlite3.ProgrammingError):
        ask(connection)


def test_what_a_function_opens_in_a_context_is_closed() -> None:
    opened: list[sqlite3.Connection] = []

    def connect() -> closing[sqlite3.Connection]:
        opened.append(sqlite3.connect(":memory:"))
        return closing(opened[-1])

    assert read_answer(ask(connect)) is DatabaseState.CONNECTED
    with pytest.raises(sqlite3.ProgrammingError):
        opened[0].execute(QUESTION)


async def test_connections_of_async_drivers_are_asked(tmp_path: Path) -> None:
    async with aiosqlite.connect(tmp_path / "a.db") as connection:

        async def get() -> aiosqlite.Connection:
            return connection

        for target in (connection, get, lambda: connection):
            assert read_answer(await _ask_async(target)) is DatabaseState.CONNECTED
        assert [row async for row in await connection.execute(QUESTION)] == [(1,)]


async def test_a_pool_of_asyncpg_is_asked() -> None:
    async def fetchval(query: str) -> int:
        return {QUESTION: 1}[query]

    assert read_answer(await _ask_async(SimpleNamespace(fetchval=fetchval))) == "connected"


class FakeConnection:
    """Behaves as a connection to PostgreSQL: a statement begins a transaction."""

    def __init__(self, status: int = 0) -> None:
        self.info = SimpleNamespace(transaction_status=status)
        self.done: list[str] = []

    def cursor(self) -> FakeConnection:
        return self

    def execute(self, query: str) -> None:
        self.done.append(query)
        self.info.transaction_status = 2

    def fetchone(self) -> None:
        self.done.append("fetchone")

    def close(self) -> None:
        self.done.append("close")

    def rollback(self) -> None:
        self.done.append("rollback")


class FakeAsyncConnection:
    """The same for asyncio."""

    def __init__(self) -> None:
        self.inner = FakeConnection()
        self.info = self.inner.info

    async def __aenter__(self) -> FakeAsyncConnection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def cursor(self) -> FakeAsyncConnection:
        return self

    async def execute(self, query: str) -> None:
        self.inner.execute(query)

    async def fetchone(self) -> None:
        self.inner.fetchone()

    async def close(self) -> None:
        self.inner.close()

    async def rollback(self) -> None:
        self.inner.rollback()


def test_no_transaction_stays_open_that_the_program_has_not_begun() -> None:
    connection = FakeConnection()

    ask(connection)

    assert connection.done == [QUESTION, "fetchone", "close", "rollback"]


def test_the_transaction_of_the_program_is_not_rolled_back() -> None:
    connection = FakeConnection(status=2)

    ask(connection)

    assert "rollback" not in connection.done


async def test_the_same_holds_for_async_connections() -> None:
    connection = FakeAsyncConnection()

    await _ask_async(connection)

    assert connection.inner.done == [QUESTION, "fetchone", "close", "rollback"]


def test_the_connection_that_django_keeps_for_our_thread_is_closed() -> None:
    class FakeWrapper(FakeConnection):
        def close_if_unusable_or_obsolete(self) -> None: ...

        def cursor(self) -> FakeConnection:
            return FakeConnection()

    wrapper = FakeWrapper(status=2)

    ask(wrapper)

    assert wrapper.done == ["close"]


def test_a_pool_gets_its_connection_back() -> None:
    connection, returned = FakeConnection(), list[object]()
    pool = SimpleNamespace(getconn=lambda: connection, putconn=returned.append)

    refuse_what_cannot_be_asked(pool)

    assert read_answer(ask(pool)) is DatabaseState.CONNECTED
    assert returned == [connection]


async def test_pools_that_lend_in_a_context_are_asked_there() -> None:
    asked: list[str] = []

    @contextmanager
    def lend() -> Iterator[FakeConnection]:
        connection = FakeConnection()
        yield connection
        asked.extend(connection.done)

    @asynccontextmanager
    async def lend_async() -> AsyncIterator[FakeAsyncConnection]:
        connection = FakeAsyncConnection()
        yield connection
        asked.extend(connection.inner.done)

    for target in (lend, lend_async, _pool(lend), _pool(lend_async)):
        assert read_answer(await _ask_async(target)) is DatabaseState.CONNECTED
    assert asked.count(QUESTION) == 4


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@asynccontextmanager
async def _nothing_async() -> AsyncIterator[bool]:
    yield True


@pytest.mark.parametrize("target", [_nothing, _nothing_async], ids=["sync", "async"])
async def test_a_context_may_answer_itself(target: object) -> None:
    assert read_answer(await _ask_async(target)) is DatabaseState.CONNECTED


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, "connected"),
        (True, "connected"),
        (1, "connected"),
        ((1,), "connected"),
        ("connected", "connected"),
        ("timeout", "timeout"),
        (HealthStatus.HEALTHY, "connected"),
        (ComponentStatus("database", HealthStatus.HEALTHY), "connected"),
        (False, "disconnected"),
        (0, "disconnected"),
        ((), "disconnected"),
        ("down", "disconnected"),
        ("", "disconnected"),
        (HealthStatus.DEGRADED, "disconnected"),
        (ComponentStatus("database", HealthStatus.UNHEALTHY), "disconnected"),
    ],
    ids=str,
)
def test_what_a_function_returns_is_an_answer(value: object, state: str) -> None:
    assert read_answer(value) == state


def _generate() -> Iterator[None]:
    yield


@pytest.mark.semantics(1, 3)
@pytest.mark.parametrize("value", [_generate(), _generate], ids=["generator", "function"])
def test_what_has_not_asked_anything_is_no_answer(value: object) -> None:
    with pytest.raises(TypeError, match="asks nothing"):
        read_answer(value)


async def test_a_function_may_be_async() -> None:
    async def answer() -> bool:
        return False

    assert read_answer(await _ask_async(answer)) is DatabaseState.DISCONNECTED


def test_a_session_without_an_engine_cannot_be_asked() -> None:
    session = SimpleNamespace(get_bind=lambda: None, connection=lambda: None, close=lambda: None)

    with pytest.raises(TypeError, match="bound to no engine"):
        ask(session)


@pytest.mark.parametrize("target", ["postgresql://u:secret@h/d", b"x"], ids=["text", "bytes"])
def test_an_address_is_refused_and_not_repeated(target: object) -> None:
    with pytest.raises(SettingsError, match="address is not enough") as caught:
        refuse_what_cannot_be_asked(target)

    assert "secret" not in str(caught.value)


def test_what_cannot_be_asked_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="int cannot be asked"):
        refuse_what_cannot_be_asked(3)


def _pool(lend: Callable[[], object]) -> SimpleNamespace:
    return SimpleNamespace(connection=lend, getconn=lend, putconn=lend)


async def _ask_async(target: Any) -> Any:
    value = ask(target)
    return await asyncio.wait_for(value, 5) if isinstance(value, Awaitable) else value
