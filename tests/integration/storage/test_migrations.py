"""The history of the schema: complete, in one transaction, and with a copy made first."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import SchemaItem

from allgreen.errors import StorageUnavailableError
from allgreen.storage.sql import migrations
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import metadata
from tests.contract.build import SERVICE, a_service
from tests.integration.storage.conftest import SECRET_KEY, add_workspace

HEAD = ["0001", "0002"]

ADD_A_COLUMN = '''
"""One more column."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9001", "0002", None, None


def upgrade() -> None:
    with op.batch_alter_table("services") as table:
        table.add_column(sa.Column("colour", sa.Text()))
        table.alter_column("name", nullable=True)
'''
FAIL_HALF_WAY = ADD_A_COLUMN + "    raise ZeroDivisionError\n"


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the history to which a test can add revisions."""
    copy = tmp_path / "history"
    shutil.copytree(migrations.HISTORY, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "HISTORY", copy)
    return copy / "versions"


def _differences(connection: Connection) -> list[object]:
    def is_made_here(item: SchemaItem, *_: object) -> bool:
        return connection.dialect.name == "sqlite" or not getattr(item, "_ddl_if", None)

    options = {"compare_type": True, "target_metadata": metadata, "include_object": is_made_here}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))


def _columns_of_services(connection: Connection) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns("services")}


async def _check_history(database: Database) -> None:
    assert await database.pending() == HEAD
    assert await database.migrate() == HEAD
    assert await database.pending() == []
    assert await database.migrate() == []
    async with database.read() as connection:
        assert await connection.run_sync(_differences) == []


async def test_history_makes_exactly_the_tables_on_sqlite(path: Path) -> None:
    async with Database(f"sqlite:///{path}", SECRET_KEY) as database:
        await _check_history(database)
    assert not (path.parent / "backups").exists()


@pytest.mark.postgres
async def test_history_makes_exactly_the_tables_on_postgres(empty_postgres_url: str) -> None:
    async with Database(empty_postgres_url, SECRET_KEY) as database:
        await _check_history(database)


@pytest.mark.postgres
def test_the_newest_revision_is_the_end_of_the_history() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.HISTORY))

    assert ScriptDirectory.from_config(config).get_heads() == [migrations.newest()] == HEAD[-1:]


START = """
import asyncio, sys
from allgreen.storage.sql.database import Database

async def start():
    async with Database(sys.argv[1], "0" * 64) as database:
        return await database.migrate()

print(asyncio.run(start()), "alembic" in sys.modules)
"""


def test_a_start_with_nothing_to_migrate_does_not_wait_for_alembic(path: Path) -> None:
    command = [sys.executable, "-c", START, f"sqlite:///{path}"]

    said = [subprocess.check_output(command, text=True).strip() for _ in range(2)]

    assert said == [f"{HEAD} True", "[] False"]


async def test_of_two_that_start_at_once_one_migrates(empty_postgres_url: str) -> None:
    async with (
        Database(empty_postgres_url, SECRET_KEY) as one,
        Database(empty_postgres_url, SECRET_KEY) as two,
    ):
        applied = await asyncio.gather(one.migrate(), two.migrate())

    assert sorted(applied) == [[], HEAD]


async def test_upgrade_keeps_rows_and_copies_the_database_first(
    database: Database, path: Path, history: Path
) -> None:
    async with database.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service()])
        await unit.commit()
    (history / "9001_more.py").write_text(ADD_A_COLUMN)

    assert await database.migrate() == ["9001"]

    async with database.unit_of_work() as unit:
        assert await unit.services.get(SERVICE) == a_service()
    async with database.read() as connection:
        assert "colour" in await connection.run_sync(_columns_of_services)
    [copy] = (path.parent / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("select name from services").fetchall() == [("Checkout",)]
        assert old.execute("select version_num from alembic_version").fetchall() == [("0002",)]


async def test_upgrade_that_fails_half_way_changes_nothing(
    database: Database, history: Path
) -> None:
    (history / "9001_more.py").write_text(FAIL_HALF_WAY)

    with pytest.raises(ZeroDivisionError):
        await database.migrate()

    assert await database.pending() == ["9001"]
    async with database.read() as connection:
        assert "colour" not in await connection.run_sync(_columns_of_services)


@pytest.mark.postgres
async def test_upgrade_that_fails_half_way_changes_nothing_on_postgres(
    empty_postgres_url: str, history: Path
) -> None:
    async with Database(empty_postgres_url, SECRET_KEY) as database:
        await database.migrate()
        await add_workspace(database)
        (history / "9001_more.py").write_text(FAIL_HALF_WAY)

        with pytest.raises(ZeroDivisionError):
            await database.migrate()

        assert await database.pending() == ["9001"]
        async with database.read() as connection:
            assert "colour" not in await connection.run_sync(_columns_of_services)


async def test_database_of_a_newer_version_is_refused(database: Database) -> None:
    async with database.unit_of_work() as unit:
        await unit.connection.execute(text("update alembic_version set version_num = '9999'"))
        await unit.commit()

    with pytest.raises(StorageUnavailableError, match=r"A newer Allgreen .*\(revision 9999\)"):
        await database.pending()
    with pytest.raises(StorageUnavailableError, match="A newer Allgreen"):
        await database.migrate()
