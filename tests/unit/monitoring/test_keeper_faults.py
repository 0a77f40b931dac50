"""A storage that fails ends the keeper's round, and nothing else; others may be quicker than it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from allgreen.domain.identity import ServiceId
from allgreen.domain.status import Outcome
from allgreen.errors import StorageUnavailableError
from allgreen.monitoring.keeper import Keeper
from allgreen.ports import Strip, UnitOfWork
from allgreen.storage.memory import MemoryServiceRepository
from allgreen.testing import SERVICE
from tests.unit.monitoring.scene import Scene


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)
    return scene


@pytest.mark.parametrize(
    "faults",
    [[StorageUnavailableError("gone")], [ValueError("poison"), StorageUnavailableError("gone")]],
    ids=["together", "one by one"],
)
async def test_sums_wait_for_the_storage(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, faults: list[Exception]
) -> None:
    fail(monkeypatch, "list_of_checks", faults)

    with pytest.raises(StorageUnavailableError):
        await a_keeper(scene).keep()
    await a_keeper(scene).keep()

    assert SERVICE in await scene.ask(strips)


async def test_days_wait_for_the_storage(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_keeper(scene).keep()
    scene.clock.advance(timedelta(days=1))
    fail(monkeypatch, "get", [StorageUnavailableError("gone")])

    with pytest.raises(StorageUnavailableError):
        await a_keeper(scene).keep()
    await a_keeper(scene).keep()

    assert last_day((await scene.ask(strips))[SERVICE]) == scene.clock.now().date()


async def test_a_day_that_was_closed_meanwhile_is_left_alone(scene: Scene) -> None:
    keeper = a_keeper(scene)
    await keeper.keep()
    before = await scene.ask(strips)

    await keeper._turn_day(SERVICE, scene.clock.advance(timedelta(minutes=1)))

    assert await scene.ask(strips) == before


def a_keeper(scene: Scene) -> Keeper:
    return Keeper(unit_of_work=scene.storage.unit_of_work, clock=scene.clock, broker=scene.broker)


def fail(monkeypatch: pytest.MonkeyPatch, method: str, faults: list[Exception]) -> None:
    """Let a method of the services in memory raise these faults first, then work."""
    working = getattr(MemoryServiceRepository, method)

    def failing(self: MemoryServiceRepository, *args: Any, **options: Any) -> Any:
        if faults:
            raise faults.pop(0)
        return working(self, *args, **options)

    monkeypatch.setattr(MemoryServiceRepository, method, failing)


async def strips(uow: UnitOfWork) -> dict[ServiceId, Strip]:
    return await uow.roll_ups.strips([SERVICE])


def last_day(strip: Strip) -> date:
    return strip.first + timedelta(days=len(strip.grades) - 1)
