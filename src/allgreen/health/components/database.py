"""Database: `SELECT 1` on a connection of the program's own pool."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.components.figures import read_figures
from allgreen.health.components.steps import CheckFunction, Steps, attempt, take
from allgreen.health.heartbeat.database import ask, read_answer, refuse_what_cannot_be_asked
from allgreen.health.heartbeat.file import DatabaseState

_IS_ALIAS: Final = re.compile(r"[\w-]{1,100}")
"""Names that projects of Django use. No address looks like one."""


def database(target: Any, *, stats_source: Any = None) -> CheckFunction:
    """Return a check of a database.

    What is taken from a pool goes back to it, and no pool is opened. A connection that the program
    uses at the same time is no good target: give the pool or engine that it comes from.

    Args:
        target: An engine, session or session factory of SQLAlchemy (blocking or async), a pool or
            connection of asyncpg, psycopg or any other driver of the DB-API, a function that asks
            or lends something to ask, or the alias of a database of Django, such as ``default``.
        stats_source: What knows how full the pool is, to be shown; by default the pool of
            `target`, where it has one.

    Raises:
        SettingsError: It is an address, or nothing that could be asked.
    """
    if target is None:
        raise SettingsError("database", "there is nothing to ask; give an engine, a pool, …")
    is_alias = isinstance(target, str) and _IS_ALIAS.fullmatch(target) is not None
    if not is_alias:
        refuse_what_cannot_be_asked(target)

    def check() -> object:
        asked = _of_django(target) if is_alias else target
        return take(_ask(asked, stats_source if stats_source is not None else _pool_of(asked)))

    return check


def _ask(target: Any, stats_source: Any) -> Steps[ComponentStatus]:
    value = yield ask(target)
    figures = {}
    if stats_source is not None:
        found = yield from attempt(read_figures(stats_source))
        figures = {"pool": found.problem or found.value}
    if isinstance(value, ComponentStatus):
        return value
    if read_answer(value) is DatabaseState.CONNECTED:
        return ComponentStatus("database", HealthStatus.HEALTHY, "Database answers", 0.0, figures)
    message = "Database check failed: what asks it says that it does not answer"
    return ComponentStatus("database", HealthStatus.UNHEALTHY, message, 0.0, figures)


def _of_django(alias: str) -> Any:
    """Return the connection of this thread; imported by name, as the library needs no framework."""
    return import_module("django.db").connections[alias]


def _pool_of(target: Any) -> Any:
    """Return what knows how full the pool of a target is; `None` when nothing does."""
    pool = getattr(target, "pool", None)
    if pool is not None and callable(getattr(target, "dispose", None)):
        return pool
    if callable(getattr(target, "get_idle_size", None)):
        return target
    is_pool = callable(getattr(target, "getconn", None))
    return target if is_pool and callable(getattr(target, "get_stats", None)) else None
