"""The keeper leaves room: on SQLite there is one writer, and results go before sums."""

import asyncio
from datetime import datetime, timedelta
from itertools import chain, repeat

import pytest

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.monitoring import keeper as keeper_module
from allgreen.monitoring.keeper import LARGEST_FOLD, LONGEST_FOLDING, Keeper
from allgreen.ports import Clock, DirtyBucket, UnitOfWork
from allgreen.storage.memory import MemoryStorage
from allgreen.testing import CHECK, NOON, WORKSPACE, FakeClock, a_result, a_service
from allgreen.transports.local import LocalEventBroker

MARKS = 2 * LARGEST_FOLD + 5


class LateClock(Clock):
    """After one fold, it is later than the keeper may fold at a stretch."""

    def __init__(self) -> None:
        self._looks = chain([0.0, 0.0, 0.0, 0.0], repeat(LONGEST_FOLDING.total_seconds()))

    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return next(self._looks)


async def test_all_marks_are_folded_when_that_is_quick() -> None:
    storage = await _marked()

    await _keeper(storage, FakeClock(NOON)).keep()

    assert await _left(storage) == 0


async def test_midnights_are_not_kept_waiting_by_a_flood_of_marks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The clock says that each fold took long, and the rest after it would be a real one.
    monkeypatch.setattr(keeper_module, "REST_SHARE", 0)
    storage = await _marked()

    await _keeper(storage, LateClock()).keep()

    assert await _left(storage) == MARKS - LARGEST_FOLD


async def test_hours_that_take_long_are_folded_fewer_at_a_time() -> None:
    storage, sizes = await _marked(), list[int]()
    clock, no_rest = FakeClock(NOON), asyncio.Event()
    no_rest.set()

    def unit_of_work() -> UnitOfWork:
        clock.advance(timedelta(milliseconds=400))
        return storage.unit_of_work()

    left = MARKS
    keeper = Keeper(unit_of_work=unit_of_work, clock=clock, broker=LocalEventBroker())
    while left and len(sizes) < MARKS:
        await keeper._fold_some(no_rest)
        sizes.append(left - (left := await _left(storage)))

    assert sizes[:4] == [10, 5, 2, 1]
    assert sizes[4:] == [1] * (MARKS - 18)


async def test_a_stopped_keeper_takes_no_marks() -> None:
    storage, stop = await _marked(), asyncio.Event()
    stop.set()

    await _keeper(storage, FakeClock(NOON)).keep(stop)

    assert await _left(storage) == MARKS


async def test_a_stopped_keeper_does_not_go_on_deleting() -> None:
    storage, stop = MemoryStorage(), asyncio.Event()
    async with storage.unit_of_work() as uow:
        await uow.results.add([a_result(slot=NOON - timedelta(days=100))])
        await uow.commit()
    stop.set()

    await _keeper(storage, FakeClock(NOON)).keep(stop)

    async with storage.unit_of_work() as uow:
        assert len(await uow.results.latest([CHECK], limit=9)) == 1


async def test_midnight_elsewhere_costs_nothing_per_service() -> None:
    storage, opened = MemoryStorage(), list[None]()
    storage.add_workspace(WORKSPACE, zone="UTC")
    async with storage.unit_of_work() as uow:
        for number in range(30):
            await uow.services.add(a_service(id=ServiceId(f"service-{number}")))
        await uow.commit()
    clock = FakeClock(NOON)

    def unit_of_work() -> UnitOfWork:
        opened.append(None)
        return storage.unit_of_work()

    keeper = Keeper(unit_of_work=unit_of_work, clock=clock, broker=LocalEventBroker())
    await keeper.keep()
    opened.clear()
    clock.advance(timedelta(minutes=15))
    await keeper.keep()

    assert len(opened) < 10


def _keeper(storage: MemoryStorage, clock: Clock) -> Keeper:
    return Keeper(unit_of_work=storage.unit_of_work, clock=clock, broker=LocalEventBroker())


async def _marked() -> MemoryStorage:
    storage = MemoryStorage()
    async with storage.unit_of_work() as uow:
        marks = [DirtyBucket(check_id=CheckId(f"check-{n}"), hour=NOON) for n in range(MARKS)]
        await uow.roll_ups.mark_dirty(marks)
        await uow.commit()
    return storage


async def _left(storage: MemoryStorage) -> int:
    async with storage.unit_of_work() as uow:
        return len(await uow.roll_ups.take_dirty(limit=MARKS))
