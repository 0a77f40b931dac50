"""The schedule: every run is handed out once, in order, and a late holder is told so."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from allgreen.domain.check import CheckState, LeasedCheck, Slot
from allgreen.domain.identity import CheckId
from allgreen.domain.service import Service
from allgreen.domain.status import Mode, ServiceHealth
from allgreen.ports import Pick, Plan
from tests.contract.build import (
    CHECK,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    SERVICE,
    a_check,
    a_service,
    a_slot,
)
from tests.contract.conftest import Storage

LEASE = 30 * SECOND


async def _planned(
    storage: Storage, slots: dict[str, Slot], *, mode: Mode = Mode.ACTIVE
) -> Service:
    service = a_service(checks=tuple(a_check(check_id) for check_id in slots))
    async with storage.unit_of_work() as unit:
        await unit.services.add(service)
        await unit.services.save([replace(service, mode=mode)])
        await unit.checks.plan_many({CheckId(key): slot for key, slot in slots.items()})
        await unit.commit()
    return service


async def _lease(
    storage: Storage, now: datetime = NOON, *, limit: int = 100, owner: str = "agent-1"
) -> list[LeasedCheck]:
    async with storage.unit_of_work() as unit:
        leased = await unit.checks.lease(now=now, limit=limit, owner=owner, lease_for=LEASE)
        await unit.commit()
    return leased


def _ids(leased: Sequence[LeasedCheck]) -> list[str]:
    return [one.check.id for one in leased]


async def test_due_check_is_handed_out_with_definition_slot_and_fence(storage: Storage) -> None:
    service = await _planned(storage, {CHECK: a_slot()})

    leased = await _lease(storage)

    assert leased == [
        LeasedCheck(
            check=service.checks[0],
            slot=a_slot(),
            fence=1,
            leased_until=NOON + LEASE,
            planned_for=NOON,
        )
    ]


async def test_check_is_not_due_before_its_time(storage: Storage) -> None:
    await _planned(storage, {CHECK: a_slot(NOON + SECOND)})

    assert await _lease(storage, NOON) == []
    assert _ids(await _lease(storage, NOON + SECOND)) == [CHECK]


async def test_check_without_a_plan_is_never_due(storage: Storage) -> None:
    await _planned(storage, {})
    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        await unit.services.save([replace(service, checks=(a_check(),))])
        await unit.commit()

    assert await _lease(storage, NOON + HOUR) == []
    async with storage.unit_of_work() as unit:
        assert await unit.checks.planned(CHECK) is None


async def test_longest_due_goes_first_and_the_limit_holds(storage: Storage) -> None:
    plan = {f"check-{n}": a_slot(NOON - n * SECOND) for n in (3, 1, 4, 2)}
    await _planned(storage, plan)

    assert _ids(await _lease(storage, limit=3)) == ["check-4", "check-3", "check-2"]
    assert _ids(await _lease(storage, limit=3)) == ["check-1"]


async def test_leased_check_is_free_again_when_its_lease_ran_out(storage: Storage) -> None:
    await _planned(storage, {CHECK: a_slot()})
    await _lease(storage, NOON)

    assert await _lease(storage, NOON + LEASE - SECOND) == []
    [again] = await _lease(storage, NOON + LEASE)

    assert again.fence == 2
    assert again.slot == a_slot()


async def test_concurrent_lessees_never_get_the_same_run(storage: Storage) -> None:
    await _planned(storage, {f"check-{n:02}": a_slot() for n in range(40)})

    batches = await asyncio.gather(
        *(_lease(storage, limit=5, owner=f"agent-{n}") for n in range(12))
    )

    handed_out = [check_id for batch in batches for check_id in _ids(batch)]
    assert sorted(handed_out) == [f"check-{n:02}" for n in range(40)]


@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.DELETED])
async def test_checks_of_an_inactive_service_are_not_handed_out(
    storage: Storage, mode: Mode
) -> None:
    await _planned(storage, {CHECK: a_slot()}, mode=mode)

    assert await _lease(storage, NOON + HOUR) == []
    async with storage.unit_of_work() as unit:
        assert await unit.checks.next_due_at() is None


async def test_resumed_service_is_handed_out_again(storage: Storage) -> None:
    service = await _planned(storage, {CHECK: a_slot()}, mode=Mode.PAUSED)
    async with storage.unit_of_work() as unit:
        await unit.services.save([replace(service, mode=Mode.ACTIVE)])
        await unit.commit()

    assert _ids(await _lease(storage)) == [CHECK]


async def test_deleted_check_is_not_handed_out(storage: Storage) -> None:
    service = await _planned(storage, {"check-1": a_slot(), "check-2": a_slot()})
    async with storage.unit_of_work() as unit:
        await unit.services.save([replace(service, checks=service.checks[:1])])
        await unit.commit()

    assert _ids(await _lease(storage)) == ["check-1"]


@pytest.mark.parametrize(
    ("planned", "now", "run"),
    [
        (a_slot(NOON), NOON + MINUTE, a_slot(NOON)),
        (a_slot(NOON), NOON + 90 * SECOND, a_slot(NOON + MINUTE)),
        (a_slot(NOON), NOON + HOUR + SECOND, a_slot(NOON + HOUR)),
        (
            a_slot(NOON, attempt=2, due_at=NOON + 5 * SECOND),
            NOON + 2 * MINUTE,
            a_slot(NOON, attempt=2, due_at=NOON + 5 * SECOND),
        ),
        (a_slot(NOON, attempt=2, due_at=NOON + 5 * SECOND), NOON + HOUR, a_slot(NOON + HOUR)),
        (a_slot(NOON + 20 * SECOND), NOON + 50 * SECOND, a_slot(NOON + 20 * SECOND)),
    ],
    ids=[
        "one period late",
        "more than a period",
        "an hour",
        "re-probe",
        "old re-probe",
        "off the grid",
    ],
)
async def test_one_run_stands_for_all_that_were_late(
    storage: Storage, planned: Slot, now: datetime, run: Slot
) -> None:
    await _planned(storage, {CHECK: planned})

    [leased] = await _lease(storage, now)

    assert leased.slot == run


async def test_planning_ends_the_lease_and_keeps_the_fence(storage: Storage) -> None:
    await _planned(storage, {CHECK: a_slot()})
    await _lease(storage)
    following = a_slot(NOON, attempt=2, due_at=NOON + 5 * SECOND)

    async with storage.unit_of_work() as unit:
        await unit.checks.plan_many({CHECK: following})
        assert await unit.checks.planned(CHECK) == following
        assert await unit.checks.fences([CHECK]) == {CHECK: 1}
        await unit.commit()

    [leased] = await _lease(storage, NOON + 5 * SECOND)
    assert (leased.slot, leased.fence) == (following, 2)


async def test_revoked_lease_raises_the_fence(storage: Storage) -> None:
    await _planned(storage, {CHECK: a_slot()})
    await _lease(storage)

    async with storage.unit_of_work() as unit:
        await unit.checks.revoke_lease([CHECK, CheckId("unknown")])
        assert await unit.checks.fences([CHECK]) == {CHECK: 2}
        await unit.commit()

    [leased] = await _lease(storage)
    assert leased.fence == 3


async def test_leased_checks_are_running_until_their_leases_run_out(storage: Storage) -> None:
    await _planned(storage, {"check-1": a_slot(), "check-2": a_slot(NOON + HOUR)})
    await _lease(storage)

    async with storage.unit_of_work() as unit:
        asked = [CheckId(name) for name in ("check-1", "check-2", "unknown")]
        assert await unit.checks.running(asked, now=NOON) == {"check-1"}
        assert await unit.checks.running(asked, now=NOON + LEASE) == set()
        assert await unit.checks.running([], now=NOON) == set()


async def test_voiding_frees_all_leases_and_counts_them(storage: Storage) -> None:
    await _planned(storage, {"check-1": a_slot(), "check-2": a_slot(), "check-3": a_slot()})
    await _lease(storage, limit=2)

    async with storage.unit_of_work() as unit:
        assert await unit.checks.void_leases() == 2
        assert await unit.checks.void_leases() == 0
        await unit.commit()

    leased = await _lease(storage)
    assert {one.check.id: one.fence for one in leased} == {
        "check-1": 3,
        "check-2": 3,
        "check-3": 1,
    }


async def test_next_due_is_the_earliest_and_counts_leases_from_their_end(storage: Storage) -> None:
    await _planned(storage, {"check-1": a_slot(NOON), "check-2": a_slot(NOON + HOUR)})

    async with storage.unit_of_work() as unit:
        assert await unit.checks.next_due_at() == NOON
        await unit.checks.lease(now=NOON, limit=1, owner="agent-1", lease_for=LEASE)
        assert await unit.checks.next_due_at() == NOON + LEASE
        await unit.checks.plan_many({CheckId("check-1"): a_slot(NOON + 2 * HOUR)})
        assert await unit.checks.next_due_at() == NOON + HOUR


async def test_nothing_is_known_of_an_unknown_check(storage: Storage) -> None:
    unknown = CheckId("unknown")
    async with storage.unit_of_work() as unit:
        await unit.checks.plan_many({unknown: a_slot()})

        assert await unit.checks.planned(unknown) is None
        assert await unit.checks.fences([unknown]) == {}
        assert await unit.checks.next_due_at() is None
        assert (
            await unit.checks.lease(
                now=NOON, limit=5, owner="agent-1", lease_for=timedelta(seconds=1)
            )
            == []
        )


async def _pick(
    storage: Storage, pick: Pick, *, after: str | None = None, limit: int = 10
) -> list[str]:
    async with storage.unit_of_work() as unit:
        found = await unit.checks.pick(
            pick, now=NOON, after=None if after is None else CheckId(after), limit=limit
        )
    return list(found)


async def test_plans_are_told_with_their_grids(storage: Storage) -> None:
    service = await _planned(storage, {"a": a_slot(attempt=2, due_at=NOON + SECOND)})

    async with storage.unit_of_work() as unit:
        plans = await unit.checks.plans([CheckId("a"), CheckId("nobody")])

    slot = a_slot(attempt=2, due_at=NOON + SECOND)
    assert plans == {CheckId("a"): Plan(slot=slot, schedule=service.checks[0].schedule)}


async def test_a_check_without_a_plan_has_none(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service()])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.checks.plans([CHECK]) == {}


async def test_checks_are_picked_page_by_page(storage: Storage) -> None:
    await _planned(storage, {key: a_slot(NOON + HOUR) for key in "abc"})

    assert await _pick(storage, Pick.ALL, limit=2) == ["a", "b"]
    assert await _pick(storage, Pick.ALL, after="b", limit=2) == ["c"]


async def test_checks_of_a_paused_service_are_not_picked(storage: Storage) -> None:
    await _planned(storage, {CHECK: a_slot()}, mode=Mode.PAUSED)

    assert await _pick(storage, Pick.ALL) == []


async def test_overdue_is_what_should_run_and_does_not(storage: Storage) -> None:
    slots = {"due": a_slot(), "later": a_slot(NOON + SECOND), "again": a_slot(attempt=2)}
    await _planned(storage, {"leased": a_slot(NOON - SECOND), **slots})
    await _lease(storage, limit=1)

    assert await _pick(storage, Pick.OVERDUE) == ["due"]


async def test_unsure_are_suspects_and_those_without_data(storage: Storage) -> None:
    states = {
        "blind": CheckState(blind=1),
        "down": CheckState(bad=3, health=ServiceHealth.DOWN),
        "suspect": CheckState(bad=1, health=ServiceHealth.UP),
        "up": CheckState(health=ServiceHealth.UP),
    }
    service = await _planned(storage, dict.fromkeys(states, a_slot()))
    checks = tuple(replace(check, state=states[check.id]) for check in service.checks)
    async with storage.unit_of_work() as unit:
        read = await unit.services.get(SERVICE, lock=True)
        await unit.services.save([replace(read, checks=checks)])
        await unit.commit()

    assert await _pick(storage, Pick.UNSURE) == ["blind", "suspect"]
