"""History: what Alembic does with the revisions in a folder."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from allgreen.errors import StorageUnavailableError

_ONE_AT_A_TIME = 4_207_310_946_521  # key of the advisory lock; any number nobody else uses


def pending(connection: Connection, folder: Path) -> list[str]:
    """Return the revisions that are still to be applied, oldest first.

    Raises:
        StorageUnavailableError: The schema is of a newer Allgreen.
    """
    applied = MigrationContext.configure(connection).get_current_revision()
    newest_first = [
        script.revision for script in ScriptDirectory.from_config(_config(folder)).walk_revisions()
    ]
    if applied is not None and applied not in newest_first:
        raise StorageUnavailableError(
            f"A newer Allgreen wrote this database (revision {applied}). "
            "Start that version, or restore a copy that was made before the upgrade."
        )
    return list(takewhile(lambda revision: revision != applied, newest_first))[::-1]


def upgrade(connection: Connection, folder: Path) -> list[str]:
    """Apply what is pending within the transaction of `connection`; return the revisions."""
    if connection.dialect.name == "postgresql":
        # Of two that start at once one migrates, and the other finds nothing left to do.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    missing = pending(connection, folder)
    config = _config(folder)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return missing


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config
