"""What the monitoring must know of workspaces."""

from datetime import date

import pytest

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from allgreen.ports import UnitOfWork
from tests.contract.build import DAY, NOON, WORKSPACE
from tests.contract.conftest import Storage


async def test_workspace_has_a_name_and_a_zone(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.workspaces.name(WORKSPACE) == "Nordlys"
        assert await unit.workspaces.zone(WORKSPACE) == "Europe/Oslo"


async def test_zones_are_listed_once(storage: Storage) -> None:
    for number, zone in enumerate(["Asia/Tokyo", "Europe/Oslo"], start=2):
        await storage.add_workspace(WorkspaceId(f"workspace-{number}"), "Fjord", zone, [])

    async with storage.unit_of_work() as unit:
        assert await unit.workspaces.zones() == ["Asia/Tokyo", "Europe/Oslo"]


async def test_unknown_workspace_is_not_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        with pytest.raises(NotFoundError):
            await unit.workspaces.zone(WorkspaceId("unknown"))
        with pytest.raises(NotFoundError):
            await unit.workspaces.name(WorkspaceId("unknown"))


async def test_all_workspaces_are_listed(storage: Storage) -> None:
    await storage.add_workspace(WorkspaceId("b"), "Beta", "UTC", [])
    await storage.add_workspace(WorkspaceId("a"), "Alpha", "UTC", [])

    async with storage.unit_of_work() as unit:
        listed = await unit.workspaces.ids()

    assert listed == sorted(listed)
    assert {"a", "b"} <= set(listed)


async def test_calendar_comes_back_with_the_zones_of_the_past(storage: Storage) -> None:
    earlier = ((date(2026, 3, 1), "Asia/Tokyo"), (date(2026, 3, 9), "Europe/Oslo"))
    calendar = Calendar(zone="America/New_York", earlier=earlier)

    async with storage.unit_of_work() as unit:
        before = await unit.workspaces.calendar(WORKSPACE)
        await unit.workspaces.save_calendar(WORKSPACE, calendar)
        after = await unit.workspaces.calendar(WORKSPACE)
        zone = await unit.workspaces.zone(WORKSPACE)
        with pytest.raises(NotFoundError):
            await unit.workspaces.calendar(WorkspaceId("unknown"))

    assert (before, after, zone) == (Calendar(zone="Europe/Oslo"), calendar, "America/New_York")


async def test_calendar_that_was_undone_with_a_savepoint_is_not_remembered(
    storage: Storage,
) -> None:
    async def fail_in_part(unit: UnitOfWork) -> None:
        async with unit.savepoint():
            await unit.workspaces.save_calendar(WORKSPACE, Calendar(zone="Asia/Tokyo"))
            assert await unit.workspaces.zone(WORKSPACE) == "Asia/Tokyo"
            raise ZeroDivisionError

    async with storage.unit_of_work() as unit:
        with pytest.raises(ZeroDivisionError):
            await fail_in_part(unit)
        assert await unit.workspaces.zone(WORKSPACE) == "Europe/Oslo"


async def test_a_workspace_that_nobody_deleted_is_not_removed(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        assert await unit.workspaces.remove_before(NOON + 365 * DAY, limit=9) == 0
        assert WORKSPACE in await unit.workspaces.ids()
