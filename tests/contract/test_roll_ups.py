"""Roll-ups: sums that can be made anew at any time, and one packed strip for each service."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import Mode, Outcome
from allgreen.domain.uptime import RollUp, Tally
from allgreen.ports import DirtyBucket, Grain, Strip
from tests.contract.build import (
    CHECK,
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SERVICE,
    a_check,
    a_service,
)
from tests.contract.conftest import Storage

OTHER = CheckId("check-2")
TODAY = date(2026, 3, 1)
SUM = RollUp(
    tally=Tally(
        up=timedelta(minutes=50, microseconds=1),
        degraded=timedelta(minutes=1),
        down=timedelta(minutes=2),
        unknown=timedelta(minutes=3),
        paused=timedelta(minutes=4),
        maintenance=timedelta(seconds=1),
    ),
    outcomes={Outcome.OK: 58, Outcome.FAIL: 3, Outcome.MISSED: 1},
    latencies=LatencySketch.of([0.0, 1.0, 99.5, 99.6, 30_000.0]),
)
STRIP = Strip(
    first=TODAY - timedelta(days=89),
    zone="Europe/Oslo",
    grades="n" * 60 + "u" * 28 + "xd",
    details=((88, 12.34, 75_000, 96, 80), (89, 99.99, 9, 12, 1)),
    known_us=10**13,
    good_us=10**13 - 7,
    median_ms=93.125,
    as_of=NOON,
)


@pytest.fixture(autouse=True)
async def _services(storage: Storage) -> None:
    service = a_service(checks=(a_check(CHECK), a_check(OTHER)))
    async with storage.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.commit()


@pytest.mark.parametrize("grain", Grain)
async def test_sum_comes_back_as_it_was_saved_last(storage: Storage, grain: Grain) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(grain, {CHECK: {NOON: RollUp()}})
        await unit.roll_ups.save_many(grain, {CHECK: {NOON: SUM, NOON + DAY: RollUp()}})

        found = await unit.roll_ups.load([CHECK, OTHER], grain, NOON, NOON + 2 * DAY)

    assert found == {CHECK: {NOON: SUM, NOON + DAY: RollUp()}}


async def test_sums_of_many_checks_are_saved_in_one_step(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(Grain.DAY, {CHECK: {NOON: RollUp()}})
        await unit.roll_ups.save_many(
            Grain.DAY, {OTHER: {NOON: RollUp(), NOON + DAY: SUM}, CHECK: {NOON: SUM}}
        )
        await unit.roll_ups.save_many(Grain.DAY, {CHECK: {}})
        await unit.roll_ups.save_many(Grain.DAY, {})

        found = await unit.roll_ups.load([CHECK, OTHER], Grain.DAY, NOON, NOON + 2 * DAY)

    assert found == {CHECK: {NOON: SUM}, OTHER: {NOON: RollUp(), NOON + DAY: SUM}}


async def test_days_of_a_service_come_back_without_latencies_as_they_were_saved_last(
    storage: Storage,
) -> None:
    second = ServiceId("service-2")
    days = {TODAY - timedelta(days=n): SUM for n in range(3)}
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service(second))
        await unit.roll_ups.save_service_days({SERVICE: {TODAY: RollUp()}})
        await unit.roll_ups.save_service_days({second: {TODAY: RollUp()}, SERVICE: days})
        await unit.roll_ups.save_service_days({SERVICE: {}})
        await unit.roll_ups.save_service_days({})

        found = await unit.roll_ups.service_days(
            [SERVICE, second], TODAY - timedelta(days=1), TODAY
        )
        none = await unit.roll_ups.service_days([SERVICE], date(2026, 1, 1), date(2026, 1, 2))

    stored = replace(SUM, latencies=LatencySketch())
    assert found == {
        SERVICE: {TODAY - timedelta(days=1): stored, TODAY: stored},
        second: {TODAY: RollUp()},
    }
    assert none == {}


async def test_loading_holds_the_begin_of_the_window_and_not_its_end(storage: Storage) -> None:
    sums = {NOON + n * HOUR: SUM for n in range(4)}
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(Grain.HOUR, {CHECK: sums})
        await unit.roll_ups.save_many(Grain.HOUR, {OTHER: {NOON + HOUR: RollUp()}})

        found = await unit.roll_ups.load([CHECK, OTHER], Grain.HOUR, NOON + HOUR, NOON + 3 * HOUR)

    assert {check_id: list(rows) for check_id, rows in found.items()} == {
        CHECK: [NOON + HOUR, NOON + 2 * HOUR],
        OTHER: [NOON + HOUR],
    }


async def test_grains_are_kept_apart(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(Grain.HOUR, {CHECK: {NOON: SUM}})

        assert await unit.roll_ups.load([CHECK], Grain.DAY, NOON, NOON + DAY) == {}


async def test_oldest_sums_of_one_grain_are_deleted_up_to_the_limit(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        for grain in (Grain.MINUTE, Grain.HOUR):
            sums = {NOON + n * MINUTE: SUM for n in range(4)}
            await unit.roll_ups.save_many(grain, {CHECK: sums})

        assert await unit.roll_ups.delete_before(Grain.MINUTE, NOON + 3 * MINUTE, limit=2) == 2
        left = await unit.roll_ups.load([CHECK], Grain.MINUTE, NOON, NOON + DAY)
        assert list(left[CHECK]) == [NOON + 2 * MINUTE, NOON + 3 * MINUTE]
        assert await unit.roll_ups.delete_before(Grain.MINUTE, NOON + 3 * MINUTE, limit=9) == 1
        hours = await unit.roll_ups.load([CHECK], Grain.HOUR, NOON, NOON + DAY)
        assert len(hours[CHECK]) == 4


async def test_dirty_buckets_are_taken_once_and_oldest_first(storage: Storage) -> None:
    marks = [DirtyBucket(check_id=CHECK, hour=NOON + n * HOUR) for n in (2, 0, 1)]
    marks.append(DirtyBucket(check_id=OTHER, hour=NOON))
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.mark_dirty(marks)
        await unit.roll_ups.mark_dirty(marks)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=3) == [marks[1], marks[3], marks[2]]
        assert await unit.roll_ups.take_dirty(limit=3) == [marks[0]]
        assert await unit.roll_ups.take_dirty(limit=3) == []


async def test_taking_dirty_buckets_is_undone_with_the_unit_of_work(storage: Storage) -> None:
    mark = DirtyBucket(check_id=CHECK, hour=NOON)
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.mark_dirty([mark])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=3) == [mark]

    async with storage.unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=3) == [mark]


async def test_strip_comes_back_as_it_was_saved_last(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_strips({SERVICE: replace(STRIP, grades="n" * 90, details=())})
        await unit.roll_ups.save_strips({SERVICE: STRIP})

        assert await unit.roll_ups.strips([SERVICE, ServiceId("unknown")]) == {SERVICE: STRIP}


async def test_strips_of_many_services_are_saved_in_one_step(storage: Storage) -> None:
    second = ServiceId("service-2")
    empty = replace(STRIP, grades="n" * 90, details=())
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service(second))
        await unit.roll_ups.save_strips({SERVICE: empty})
        await unit.roll_ups.save_strips({second: empty, SERVICE: STRIP})
        await unit.roll_ups.save_strips({})

        assert await unit.roll_ups.strips([SERVICE, second]) == {SERVICE: STRIP, second: empty}


async def test_active_services_without_a_strip_of_the_day_are_found(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        for name in ("service-2", "service-3", "service-4"):
            await unit.services.add(a_service(name))
        await unit.services.add(replace(a_service("service-5"), mode=Mode.PAUSED))
        yesterday = replace(STRIP, first=STRIP.first - timedelta(days=1))
        await unit.roll_ups.save_strips({ServiceId("service-2"): yesterday})
        await unit.roll_ups.save_strips({ServiceId("service-3"): STRIP})

        assert await unit.roll_ups.services_without_strip_of(TODAY, limit=9) == [
            "service-1",
            "service-2",
            "service-4",
        ]
        assert await unit.roll_ups.services_without_strip_of(TODAY, limit=1) == ["service-1"]
        of_oslo = await unit.roll_ups.services_without_strip_of(TODAY, limit=1, zone="Europe/Oslo")
        assert of_oslo == ["service-1"]
        assert await unit.roll_ups.services_without_strip_of(TODAY, limit=9, zone="UTC") == []


async def test_nothing_is_saved_of_nothing(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(Grain.HOUR, {CHECK: {}})
        await unit.roll_ups.mark_dirty([])

        assert await unit.roll_ups.load([CHECK], Grain.HOUR, NOON, NOON + DAY) == {}
        assert await unit.roll_ups.strips([]) == {}


async def test_sums_of_many_checks_are_stored_in_one_step(storage: Storage) -> None:
    rows = {CHECK: {NOON: SUM}, OTHER: {NOON: RollUp(), NOON + HOUR: SUM}}

    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_many(Grain.HOUR, {CHECK: {NOON: RollUp()}, OTHER: {}})
        await unit.roll_ups.save_many(Grain.HOUR, rows)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        found = await unit.roll_ups.load([CHECK, OTHER], Grain.HOUR, NOON, NOON + DAY)
    assert found == rows


async def test_strips_of_many_services_are_stored_in_one_step(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.roll_ups.save_strips({})
        await unit.roll_ups.save_strips({SERVICE: replace(STRIP, median_ms=None)})
        await unit.roll_ups.save_strips({SERVICE: STRIP})
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.roll_ups.strips([SERVICE]) == {SERVICE: STRIP}
