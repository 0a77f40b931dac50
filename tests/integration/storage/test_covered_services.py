"""Which services are in maintenance, asked of a database in which many windows run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from allgreen.domain.identity import ServiceId, WindowId, WorkspaceId
from allgreen.domain.maintenance import Window
from allgreen.storage.sql.database import Database
from allgreen.storage.sql.tables import services, workspaces
from allgreen.storage.sql.windows import SqlWindowRepository
from tests.contract.build import HOUR, NOON, WORKSPACE, a_service
from tests.integration.storage.conftest import SECRET_KEY, add_workspace

OTHER_WORKSPACE = WorkspaceId("workspace-2")
MINE = [ServiceId(f"service-{number}") for number in range(3)]
ELSEWHERE = ServiceId("service-elsewhere")


def a_running_window(
    number: int, workspace_id: WorkspaceId, service_ids: Iterable[ServiceId] = ()
) -> Window:
    """Return a window that began at noon."""
    return Window(
        id=WindowId(f"window-{number:05}"),
        workspace_id=workspace_id,
        name="Move of the database",
        service_ids=tuple(service_ids),
        first=NOON.date(),
        at=time(12),
        duration=HOUR,
        holds_from=NOON,
    )


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, path: Path) -> str:
    """Where each database that we speak with is."""
    if request.param == "sqlite":
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def stored(address: str) -> AsyncIterator[Database]:
    """A database with services in two workspaces."""
    row = {"id": OTHER_WORKSPACE, "name": "Elsewhere", "zone": "UTC", "created_at": NOON}
    async with Database(address, SECRET_KEY) as database:
        await database.migrate()
        await add_workspace(database)
        async with database.unit_of_work() as unit:
            await unit.connection.execute(insert(workspaces), row)
            for service_id in MINE:
                await unit.services.add(a_service(service_id))
            await unit.services.add(replace(a_service(ELSEWHERE), workspace_id=OTHER_WORKSPACE))
            await unit.commit()
        yield database


async def covered_services(
    database: Database, windows: Iterable[Window], workspace_ids: Iterable[WorkspaceId]
) -> set[str]:
    """Return which services are in maintenance once windows are stored."""
    async with database.unit_of_work() as unit:
        await unit.windows.save(windows)
        await unit.commit()
    async with database.unit_of_work() as unit:
        covered = await SqlWindowRepository(unit.connection).covered_at(NOON, workspace_ids)
        return set(await unit.connection.scalars(select(services.c.id).where(covered)))


async def test_thousands_of_windows_elsewhere_are_no_burden(stored: Database) -> None:
    others = [a_running_window(number, OTHER_WORKSPACE) for number in range(1100)]

    found = await covered_services(
        stored, [*others, a_running_window(9999, WORKSPACE, MINE[:1])], [WORKSPACE]
    )

    assert found == set(MINE[:1])


async def test_thousands_of_windows_of_ones_own_can_be_asked_about(stored: Database) -> None:
    own = [a_running_window(number, WORKSPACE, MINE[:2]) for number in range(1100)]

    found = await covered_services(stored, own, [WORKSPACE, OTHER_WORKSPACE])

    assert found == set(MINE[:2])


async def test_windows_may_name_more_services_than_a_statement_takes_parameters(
    stored: Database,
) -> None:
    def named(window: int) -> Iterable[ServiceId]:
        return (ServiceId(f"gone-{window}-{number}") for number in range(500))

    own = [a_running_window(number, WORKSPACE, [*named(number), MINE[0]]) for number in range(140)]

    found = await covered_services(stored, own, [WORKSPACE])

    assert found == {MINE[0]}


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (lambda: a_running_window(1, WORKSPACE), set(MINE)),
        (lambda: a_running_window(1, WORKSPACE, [ELSEWHERE]), set()),
        (lambda: a_running_window(1, OTHER_WORKSPACE), {ELSEWHERE}),
        (lambda: replace(a_running_window(1, WORKSPACE), at=time(13)), set()),
    ],
    ids=["all of a workspace", "not another's", "of the other workspace", "not running"],
)
async def test_window_covers_its_workspace_alone(
    stored: Database, window: Callable[[], Window], expected: set[str]
) -> None:
    found = await covered_services(stored, [window()], [WORKSPACE, OTHER_WORKSPACE])

    assert found == expected
