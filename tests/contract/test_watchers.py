"""Who watches, and when nobody did."""

from dataclasses import replace
from datetime import timedelta

from allgreen.domain.watcher import Absence, AbsenceReason, Watcher, WatcherState
from tests.contract.build import HOUR, MINUTE, NOON
from tests.contract.conftest import Storage

WATCHER = Watcher(name="local", since=NOON, seen_at=NOON)
ABSENCE = Absence(watcher="local", began_at=NOON, ended_at=NOON + HOUR, why=AbsenceReason.OFFLINE)


async def _found(storage: Storage, name: str = "local") -> Watcher | None:
    async with storage.unit_of_work() as unit:
        return await unit.watchers.find(name)


async def _save(storage: Storage, watcher: Watcher) -> None:
    async with storage.unit_of_work() as unit:
        await unit.watchers.save(watcher)
        await unit.commit()


async def _since(storage: Storage, hours: int) -> list[Absence]:
    async with storage.unit_of_work() as unit:
        return await unit.watchers.absences_since(NOON + hours * HOUR)


async def test_a_watcher_is_not_known_before_its_first_start(storage: Storage) -> None:
    await _save(storage, WATCHER)

    assert await _found(storage, "elsewhere") is None
    assert await _found(storage) == WATCHER


async def test_a_watcher_is_stored_over_what_it_was(storage: Storage) -> None:
    await _save(storage, WATCHER)
    offline = replace(WATCHER, state=WatcherState.OFFLINE, since=NOON + MINUTE)

    await _save(storage, offline)

    assert await _found(storage) == offline


async def test_a_beat_moves_nothing_but_the_last_sign_of_life(storage: Storage) -> None:
    await _save(storage, WATCHER)

    async with storage.unit_of_work() as unit:
        await unit.watchers.beat("local", NOON + MINUTE)
        await unit.watchers.beat("nobody", NOON + MINUTE)
        await unit.commit()

    assert await _found(storage) == replace(WATCHER, seen_at=NOON + MINUTE)
    assert await _found(storage, "nobody") is None


async def test_absences_are_told_oldest_first_as_long_as_they_ended_later(
    storage: Storage,
) -> None:
    later = replace(ABSENCE, ended_at=NOON + 2 * HOUR, why=AbsenceReason.CLOCK)
    async with storage.unit_of_work() as unit:
        await unit.watchers.add_absence(later)
        await unit.watchers.add_absence(ABSENCE)
        await unit.commit()

    assert await _since(storage, 0) == [ABSENCE, later]
    assert await _since(storage, 1) == [later]
    assert await _since(storage, 2) == []


async def test_an_absence_is_never_shorter_than_nothing(storage: Storage) -> None:
    turned = replace(ABSENCE, ended_at=NOON - HOUR)

    assert (ABSENCE.duration, turned.duration) == (HOUR, timedelta(0))
