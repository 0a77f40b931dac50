"""Many at the same time: nothing is done twice, nothing is lost, nobody waits for ever."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from allgreen.domain.identity import CheckId
from allgreen.errors import VersionConflictError
from allgreen.ports import AuditRow, DirtyBucket, UnitOfWork
from tests.contract.build import (
    CHECK,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    SERVICE,
    WORKSPACE,
    a_check,
    a_result,
    a_service,
    a_slot,
    an_incident,
)
from tests.contract.conftest import Storage


@pytest.fixture(autouse=True)
async def _service(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        service = a_service(checks=tuple(a_check(f"check-{n}") for n in range(1, 4)))
        await unit.services.add(service)
        await unit.services.save([service])
        await unit.checks.plan_many({check.id: a_slot() for check in service.checks})
        await unit.commit()


async def _commit(storage: Storage, work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
    async with storage.unit_of_work() as unit:
        await work(unit)
        await unit.commit()


async def test_changes_of_one_service_follow_one_another(storage: Storage) -> None:
    async def count_up(unit: UnitOfWork) -> None:
        service = await unit.services.get(SERVICE, lock=True)
        await unit.services.save([replace(service, version=service.version + 1)])

    await asyncio.gather(*(_commit(storage, count_up) for _ in range(30)))

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).version == a_service().version + 30


async def test_results_that_come_twice_at_once_are_kept_once(storage: Storage) -> None:
    async def store(unit: UnitOfWork) -> None:
        await unit.results.add(a_result(NOON + n * MINUTE) for n in range(20))

    await asyncio.gather(*(_commit(storage, store) for _ in range(6)))

    async with storage.unit_of_work() as unit:
        slots = [result.slot for result in await unit.results.latest([CHECK], limit=99)]
    assert slots == [NOON + n * MINUTE for n in reversed(range(20))]


async def test_of_two_incidents_opened_at_once_one_stays(storage: Storage) -> None:
    async def open_one(number: int) -> str:
        try:
            await _commit(storage, lambda unit: unit.incidents.save(an_incident(f"i-{number}")))
        except VersionConflictError:
            return "refused"
        return "kept"

    ends = await asyncio.gather(*(open_one(number) for number in range(6)))

    assert Counter(ends) == {"kept": 1, "refused": 5}
    async with storage.unit_of_work() as unit:
        assert len(await unit.incidents.latest([SERVICE], limit=9)) == 1


async def test_marks_are_taken_by_one_only(storage: Storage) -> None:
    marks = [DirtyBucket(check_id=CHECK, hour=NOON + n * HOUR) for n in range(40)]
    await _commit(storage, lambda unit: unit.roll_ups.mark_dirty(marks))
    taken: list[DirtyBucket] = []

    async def take(unit: UnitOfWork) -> None:
        taken.extend(await unit.roll_ups.take_dirty(limit=5))

    await asyncio.gather(*(_commit(storage, take) for _ in range(12)))

    assert sorted(mark.hour for mark in taken) == [mark.hour for mark in marks]


async def test_batches_that_share_services_and_marks_end_all(storage: Storage) -> None:
    ids = [CheckId(f"check-{n}") for n in range(1, 4)]

    async def record(order: list[CheckId]) -> None:
        async with storage.unit_of_work() as unit:
            services = await unit.services.list_of_checks(order)
            await unit.results.add(a_result(check_id=check_id) for check_id in order)
            await unit.services.save_states(services)
            await unit.checks.plan_many({check_id: a_slot(NOON + MINUTE) for check_id in order})
            await unit.roll_ups.mark_dirty(DirtyBucket(check_id=one, hour=NOON) for one in order)
            await unit.commit()

    async with asyncio.timeout(20):
        orders = [ids, ids[::-1], ids[1:], ids[:1]] * 4
        await asyncio.gather(*(record(order) for order in orders))

    async with storage.unit_of_work() as unit:
        assert len(await unit.results.latest(ids, limit=99)) == 3


async def test_whoever_makes_sums_and_whoever_records_never_wait_for_each_other(
    storage: Storage,
) -> None:
    mark = DirtyBucket(check_id=CHECK, hour=NOON)
    await _commit(storage, lambda unit: unit.roll_ups.mark_dirty([mark]))
    begins_to_fold = asyncio.Event()

    async def record() -> None:
        async with storage.unit_of_work() as unit:
            await unit.services.list_of_checks([CHECK])
            begins_to_fold.set()
            # On PostgreSQL the fold takes its marks by now, or waits for the service.
            with suppress(TimeoutError):
                await asyncio.wait_for(has_taken.wait(), timeout=0.5)
            await unit.roll_ups.mark_dirty([mark])
            await unit.commit()

    async def fold() -> list[DirtyBucket]:
        await begins_to_fold.wait()
        async with storage.unit_of_work() as unit:
            taken = await unit.roll_ups.take_dirty(limit=9)
            has_taken.set()
            await unit.services.list_of_checks([CHECK])
            await unit.commit()
        return taken

    has_taken = asyncio.Event()
    async with asyncio.timeout(20):
        taken, _ = await asyncio.gather(fold(), record())

    assert taken == [mark]


async def test_marks_of_checks_that_nobody_knows_are_taken_too(storage: Storage) -> None:
    unknown = DirtyBucket(check_id=CheckId("check-9"), hour=NOON)
    known = DirtyBucket(check_id=CHECK, hour=NOON)
    await _commit(storage, lambda unit: unit.roll_ups.mark_dirty([unknown, known]))

    async with storage.unit_of_work() as unit:
        assert await unit.roll_ups.take_dirty(limit=9) == [known, unknown]


async def test_history_keeps_every_line_of_many_writers(storage: Storage) -> None:
    def line(number: int) -> AuditRow:
        return AuditRow(
            workspace_id=WORKSPACE, service_id=SERVICE, at=NOON, action="a", summary=str(number)
        )

    async def write(number: int) -> None:
        await _commit(storage, lambda unit: unit.audit.add([line(number)]))

    await asyncio.gather(*(write(number) for number in range(20)))

    async with storage.unit_of_work() as unit:
        rows = await unit.audit.of_service(SERVICE, limit=99)
    assert sorted(int(row.summary) for row in rows) == list(range(20))


async def _read_plans(unit: UnitOfWork) -> None:
    assert (await unit.checks.plans([CHECK]))[CHECK].slot.attempt == 1


async def _read_runs(unit: UnitOfWork) -> None:
    assert await unit.checks.running([CHECK], now=NOON) == set()


@pytest.mark.parametrize("read", [_read_plans, _read_runs])
async def test_a_quick_re_probe_outlasts_whoever_read_the_plan_before_it(
    storage: Storage, read: Callable[[UnitOfWork], Awaitable[None]]
) -> None:
    has_read, is_confirming = asyncio.Event(), asyncio.Event()

    async def ask_soon() -> None:
        async with storage.unit_of_work() as unit:
            await read(unit)
            has_read.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(is_confirming.wait(), timeout=0.5)
            await unit.checks.plan_many({CHECK: a_slot(NOON + HOUR)})
            await unit.commit()

    async def confirm() -> None:
        await has_read.wait()
        await _commit(storage, lambda unit: unit.checks.plan_many({CHECK: a_slot(attempt=2)}))
        is_confirming.set()

    async with asyncio.timeout(20):
        await asyncio.gather(ask_soon(), confirm())

    async with storage.unit_of_work() as unit:
        planned = await unit.checks.planned(CHECK)
    assert planned is not None
    assert planned.attempt == 2


async def test_lease_that_was_not_committed_is_free_at_once(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.checks.lease(now=NOON, limit=9, owner="one", lease_for=MINUTE)

    async with storage.unit_of_work() as unit:
        leased = await unit.checks.lease(now=NOON, limit=9, owner="two", lease_for=MINUTE)

    assert [one.fence for one in leased] == [1, 1, 1]


async def test_whoever_is_cut_off_leaves_nothing_and_lets_the_next_one_in(
    storage: Storage,
) -> None:
    has_written = asyncio.Event()

    async def write_for_ever() -> None:
        async with storage.unit_of_work() as unit:
            await unit.services.get(SERVICE, lock=True)
            await unit.results.add([a_result()])
            has_written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write_for_ever())
    await has_written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(5), storage.unit_of_work() as unit:
        await unit.services.get(SERVICE, lock=True)
        assert await unit.results.latest([CHECK], limit=9) == []


async def test_late_holder_of_a_lease_is_known_by_its_fence(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        [old, *_] = await unit.checks.lease(now=NOON, limit=9, owner="one", lease_for=SECOND)
        await unit.commit()
    async with storage.unit_of_work() as unit:
        await unit.checks.lease(now=NOON + SECOND, limit=9, owner="two", lease_for=SECOND)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        fences = await unit.checks.fences([old.check.id])
    assert old.fence < fences[old.check.id]
