"""What the monitoring must know of workspaces."""

import pytest

from allgreen.domain.identity import WorkspaceId
from allgreen.errors import NotFoundError
from tests.contract.build import WORKSPACE
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
