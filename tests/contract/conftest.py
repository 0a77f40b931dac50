"""The adapters that every suite here runs against."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import anyio
import pytest
from sqlalchemy import insert

from allgreen.domain.identity import WorkspaceId
from allgreen.domain.policy import Role
from allgreen.ports import UnitOfWork
from allgreen.storage.memory import MemoryStorage
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import accounts, memberships, workspaces
from tests.contract.build import NOON, WORKSPACE


class Storage(Protocol):
    """What a suite needs of an adapter besides its ports."""

    def unit_of_work(self) -> UnitOfWork:
        """Return a new unit of work."""

    async def add_workspace(
        self, workspace_id: WorkspaceId, name: str, zone: str, admins: Iterable[str]
    ) -> None:
        """Make a workspace known."""

    async def add_operator(self, address: str) -> None:
        """Make somebody known who runs the instance."""


class InMemory:
    """The adapter without a database."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self.unit_of_work = self._storage.unit_of_work

    async def add_workspace(
        self, workspace_id: WorkspaceId, name: str, zone: str, admins: Iterable[str]
    ) -> None:
        self._storage.add_workspace(workspace_id, name=name, zone=zone, admins=admins)

    async def add_operator(self, address: str) -> None:
        self._storage.add_operator(address)


class InSql:
    """The adapter for SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.unit_of_work = database.unit_of_work

    async def add_workspace(
        self, workspace_id: WorkspaceId, name: str, zone: str, admins: Iterable[str]
    ) -> None:
        workspace = {"id": workspace_id, "name": name, "zone": zone, "created_at": NOON}
        async with self._database.unit_of_work() as unit:
            await unit.connection.execute(insert(workspaces), workspace)
            for address in admins:
                account = {"id": address, "email": address, "name": "", "created_at": NOON}
                member = {"account_id": address, "workspace_id": workspace_id, "role": Role.ADMIN}
                await unit.connection.execute(insert(accounts), account)
                await unit.connection.execute(insert(memberships), {**member, "created_at": NOON})
            await unit.commit()

    async def add_operator(self, address: str) -> None:
        account = {"id": address, "email": address, "name": "", "created_at": NOON}
        async with self._database.unit_of_work() as unit:
            await unit.connection.execute(insert(accounts), {**account, "instance_admin": True})
            await unit.commit()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy: quicker than migrating one for each test."""
    path = tmp_path_factory.mktemp("migrated") / "allgreen.sqlite3"

    async def migrate() -> None:
        async with Database(f"sqlite:///{path}", "secret") as database:
            await database.migrate()

    anyio.run(migrate)
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database of this test's own."""
    shutil.copy(migrated_file, tmp_path / "allgreen.sqlite3")
    return f"sqlite:///{tmp_path / 'allgreen.sqlite3'}"


async def _open_memory(_stack: AsyncExitStack, _address: str) -> Storage:
    return InMemory()


async def _open_sql(stack: AsyncExitStack, address: str) -> Storage:
    database = await stack.enter_async_context(Database(address, "secret"))
    await database.migrate()
    return InSql(database)


Open = Callable[[AsyncExitStack, str], Awaitable[Storage]]
ADAPTERS: list[tuple[str, Open, str | None]] = [
    ("memory", _open_memory, None),
    ("sqlite", _open_sql, "sqlite_url"),
    ("postgres", _open_sql, "postgres_url"),
]


@pytest.fixture(
    params=[
        pytest.param(adapter, id=adapter[0], marks=[pytest.mark.postgres] * (i == 2))
        for i, adapter in enumerate(ADAPTERS)
    ]
)
def adapter(request: pytest.FixtureRequest) -> tuple[Open, str]:
    """One adapter of the list, with the address of what it stores in."""
    _, opens, address = request.param
    return opens, request.getfixturevalue(address) if address else ""


@pytest.fixture
async def storage(adapter: tuple[Open, str]) -> AsyncIterator[Storage]:
    """An adapter that holds one workspace and nothing else."""
    opens, address = adapter
    async with AsyncExitStack() as stack:
        opened = await opens(stack, address)
        await opened.add_workspace(WORKSPACE, "Nordlys", "Europe/Oslo", ["ola@a.example"])
        yield opened
