"""Databases of a test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import workspaces
from tests.contract.build import NOON, WORKSPACE

SECRET_KEY = "a secret key of the tests"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the SQLite database of this test lies; the folder does not exist yet."""
    return tmp_path / "new" / "allgreen.sqlite3"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """A migrated SQLite database with one workspace."""
    async with Database(f"sqlite:///{path}", SECRET_KEY) as opened:
        await opened.migrate()
        await add_workspace(opened)
        yield opened


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    """A migrated PostgreSQL database with one workspace."""
    async with Database(postgres_url, SECRET_KEY) as opened:
        await opened.migrate()
        await add_workspace(opened)
        yield opened


async def add_workspace(database: Database) -> None:
    """Store the workspace that everything in these tests belongs to."""
    row = {"id": WORKSPACE, "name": "Nordlys", "zone": "UTC", "created_at": NOON}
    async with database.unit_of_work() as unit:
        await unit.connection.execute(insert(workspaces), row)
        await unit.commit()
