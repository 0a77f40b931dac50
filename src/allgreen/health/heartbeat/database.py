"""Asks a database of the program whether it answers: `SELECT 1` on a connection of its own pool.

What the program uses is recognised by what it can do, so that no driver is imported here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from contextlib import closing
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType
from typing import Any, Final, final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.heartbeat.file import DatabaseState

QUESTION: Final = "SELECT 1"

_IDLE: Final = 0
"""A session of PostgreSQL is in no transaction; the same number in every driver of it."""


def refuse_what_cannot_be_asked(target: object) -> None:
    """Refuse what is no database, at once and not every thirty seconds.

    Raises:
        SettingsError: It is an address, or nothing that could be asked.
    """
    if isinstance(target, str | bytes):
        # Not repeated: an address may hold a password.
        raise SettingsError(
            "database",
            "an address is not enough: no connections of our own are opened. Give the engine, "
            "session factory or connection that the program uses, or a function that asks.",
        )
    if target is not None and not callable(target) and not _is_connection(target):
        raise SettingsError(
            "database",
            f"{type(target).__name__} cannot be asked. Give an engine, a session, a session "
            "factory, a connection, or a function.",
        )


def ask(target: Any) -> Any:
    """Ask a database; whatever is raised means that it does not answer.

    A connection of a pool is back in it on return.

    Args:
        target: An engine, session or factory of sessions of SQLAlchemy, a pool, a connection of
            the DB-API or of its async kin, or a function: it asks itself, or returns something to
            ask. What it opens it closes, as with ``lambda: closing(connect(…))``.

    Returns:
        What `read_answer` understands, or something to await that gives it.
    """
    if _is_connection(target):
        return _ask_connection(target)
    return _ask_what_came(target())


def read_answer(value: object) -> DatabaseState:
    """Return what a function means by what it returned: a row or a number is an answer.

    Raises:
        TypeError: It has not asked anything yet.
    """
    if isinstance(value, GeneratorType | AsyncGeneratorType | FunctionType | CoroutineType):
        raise TypeError(f"the function returned a {type(value).__name__}, which asks nothing")
    if isinstance(value, ComponentStatus):
        value = value.status
    if isinstance(value, HealthStatus):
        value = value is HealthStatus.HEALTHY
    if isinstance(value, str):
        return DatabaseState(value) if value in set(DatabaseState) else DatabaseState.DISCONNECTED
    is_good = value is None or bool(value)
    return DatabaseState.CONNECTED if is_good else DatabaseState.DISCONNECTED


@final
class LaterAnswer:
    """What comes of something that a function returned and that is to be awaited."""

    def __init__(self, value: Awaitable[Any]) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, Any]:
        return self._come().__await__()

    def close(self) -> None:
        """Say that nobody will await it."""
        if isinstance(self._value, CoroutineType):
            self._value.close()

    async def _come(self) -> Any:
        return await _settled(_ask_what_came(await self._value))


def _can(target: object, *methods: str) -> bool:
    return all(callable(getattr(target, method, None)) for method in methods)


def _is_connection(target: object) -> bool:
    """Tell whether something can be asked as it is, although it may also be called."""
    if isinstance(target, type):
        return False
    return (
        _is_scoped(target)
        or _is_engine(target)
        or _is_session(target)
        or _can(target, "getconn", "putconn")
        or _can(target, "exec_driver_sql")
        or _can(target, "fetchval")
        or _can(target, "cursor")
    )


def _is_engine(target: object) -> bool:
    return _can(target, "connect", "dispose") and hasattr(target, "dialect")


def _is_session(target: object) -> bool:
    return _can(target, "get_bind", "connection", "close")


def _is_scoped(target: object) -> bool:
    return _can(target, "remove", "get_bind") and hasattr(target, "session_factory")


def _is_async(target: object) -> bool:
    return hasattr(type(target), "__aenter__") and not hasattr(type(target), "__enter__")


def _ask_connection(target: Any) -> Any:
    if _is_scoped(target):
        return _ask_scoped(target)
    if _is_engine(target):
        is_async = hasattr(target, "sync_engine")
        return _ask_async_engine(target) if is_async else _ask_engine(target)
    if _is_session(target):
        # Not the session itself: the program may be in the middle of something with it.
        return _ask_bind(target.bind if hasattr(target, "sync_session") else target.get_bind())
    if _can(target, "getconn", "putconn"):
        return _ask_pool(target)
    if _can(target, "fetchval"):
        return target.fetchval(QUESTION)
    if _can(target, "exec_driver_sql"):
        return _ask_async_core(target) if _is_async(target) else _ask_core(target)
    return _ask_async_driver(target) if _is_async(target) else _ask_driver(target)


def _ask_bind(bind: object) -> Any:
    if bind is None:
        raise TypeError("the session is bound to no engine; give the engine")
    return _ask_connection(bind)


def _ask_scoped(sessions: Any) -> Any:
    bind = sessions.get_bind()
    try:
        return _ask_connection(bind)
    finally:
        sessions.remove()  # the one of our thread


def _ask_pool(pool: Any) -> Any:
    if _can(pool, "connection"):
        return _ask_what_came(pool.connection())
    connection = pool.getconn()
    try:
        return _ask_driver(connection)
    finally:
        pool.putconn(connection)


def _ask_engine(engine: Any) -> None:
    with engine.connect() as connection:
        _ask_core(connection)


async def _ask_async_engine(engine: Any) -> None:
    async with engine.connect() as connection:
        await _ask_async_core(connection)


def _ask_core(connection: Any) -> None:
    connection.exec_driver_sql(QUESTION).close()


async def _ask_async_core(connection: Any) -> None:
    (await connection.exec_driver_sql(QUESTION)).close()


def _ask_driver(connection: Any) -> None:
    was_idle = _is_idle(connection)
    try:
        cursor = connection.cursor()
        try:
            cursor.execute(QUESTION)
            cursor.fetchone()
        finally:
            cursor.close()
    finally:
        if was_idle:
            connection.rollback()  # no transaction stays open that the program has not begun
        if _can(connection, "close_if_unusable_or_obsolete"):
            connection.close()  # Django has one for each thread, and nobody closes that of ours


async def _ask_async_driver(connection: Any) -> None:
    was_idle = _is_idle(connection)
    try:
        cursor = await _settled(connection.cursor())
        try:
            await _settled(cursor.execute(QUESTION))
            await _settled(cursor.fetchone())
        finally:
            await _settled(cursor.close())
    finally:
        if was_idle:
            await _settled(connection.rollback())


def _is_idle(connection: object) -> bool:
    """Tell whether a connection to PostgreSQL is in no transaction; others open none for us."""
    status = getattr(getattr(connection, "info", None), "transaction_status", None)
    return status == _IDLE


async def _settled(value: Any) -> Any:
    return await value if isinstance(value, Awaitable) else value


def _ask_what_came(value: Any) -> Any:
    """Go on with what a function returned: an answer, or something that is to be asked.

    What it has from a pool goes back there, and a context manager is left. Other connections are
    not closed: one may be what the whole program uses.
    """
    if _can(value, "exec_driver_sql"):
        return _ask_inside_async(value) if _is_async(value) else _ask_inside(value)
    if _can(value, "cursor", "detach"):  # of SQLAlchemy's pool, without its engine
        return _ask_inside(closing(value))
    if _is_connection(value):
        return _ask_connection(value)
    if isinstance(value, Awaitable):
        return LaterAnswer(value)
    if _can(value, "__enter__", "__exit__"):
        return _ask_inside(value)
    if _can(value, "__aenter__", "__aexit__"):
        return _ask_inside_async(value)
    return value


def _ask_inside(context: Any) -> Any:
    with context as value:
        return _ask_connection(value) if _is_connection(value) else value


async def _ask_inside_async(context: Any) -> Any:
    async with context as value:
        return await _settled(_ask_connection(value)) if _is_connection(value) else value
