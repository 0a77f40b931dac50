"""The one history of the schema, run by `Database.migrate`; no Alembic command is needed.

A new revision is written by hand into ``versions``; a test compares what the history makes with
the tables.
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from allgreen.errors import StorageUnavailableError

HISTORY = Path(__file__).parent
"""Folder of the history: `env.py` and its revisions."""
_ONE_AT_A_TIME = 4_207_310_946_521  # key of the advisory lock; any number nobody else uses


def current(connection: Connection) -> str | None:
    """Return the revision of the schema; `None` for a database that holds none."""
    return MigrationContext.configure(connection).get_current_revision()


def pending(connection: Connection) -> list[str]:
    """Return the revisions that are still to be applied, oldest first.

    Raises:
        StorageUnavailableError: The schema is of a newer Allgreen.
    """
    applied = current(connection)
    newest_first = [
        script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    ]
    if applied is not None and applied not in newest_first:
        raise StorageUnavailableError(
            f"A newer Allgreen wrote this database (revision {applied}). "
            "Start that version, or restore a copy that was made before the upgrade."
        )
    return list(takewhile(lambda revision: revision != applied, newest_first))[::-1]


def upgrade(connection: Connection) -> list[str]:
    """Apply what is pending within the transaction of `connection`; return the revisions."""
    if connection.dialect.name == "postgresql":
        # Of two that start at once one migrates, and the other finds nothing left to do.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    missing = pending(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return missing


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HISTORY).replace("%", "%%"))
    return config
