"""The one history of the schema, run by `Database.migrate`; no Alembic command is needed.

A new revision is written by hand into ``versions``; a test compares what the history makes with
the tables. Alembic is imported where something is pending: that takes as long as all else that a
start does with the database, and nearly always nothing is.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

HISTORY = Path(__file__).parent
"""Folder of the history: `env.py` and its revisions."""


def current(connection: Connection) -> str | None:
    """Return the revision of the schema; `None` for a database that holds none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def newest() -> str:
    """Return the revision of the tables as this version has them: the last one by its number."""
    files = [file.name for file in (HISTORY / "versions").glob("[0-9]*.py")]
    return max(files).partition("_")[0]


def pending(connection: Connection) -> list[str]:
    """Return the revisions that are still to be applied, oldest first.

    Raises:
        StorageUnavailableError: The schema is of a newer Allgreen.
    """
    if current(connection) == newest():
        return []
    from allgreen.storage.sql.migrations import history  # noqa: PLC0415 - see above

    return history.pending(connection, HISTORY)


def upgrade(connection: Connection) -> list[str]:
    """Apply what is pending within the transaction of `connection`; return the revisions."""
    from allgreen.storage.sql.migrations import history  # noqa: PLC0415 - see above

    return history.upgrade(connection, HISTORY)
