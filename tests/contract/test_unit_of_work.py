"""One transaction over all repositories: all of it, or nothing."""

from dataclasses import replace

import pytest

from allgreen.domain.check import CheckState
from allgreen.domain.service import Service
from allgreen.domain.status import ServiceHealth, TimeKind
from allgreen.domain.uptime import RollUp
from allgreen.errors import NotFoundError, VersionConflictError
from allgreen.ports import AuditRow, DirtyBucket, Grain, UnitOfWork
from tests.contract.build import (
    CHECK,
    DAY,
    NOON,
    SECOND,
    SERVICE,
    WORKSPACE,
    a_notice,
    a_recipient,
    a_result,
    a_service,
    a_slot,
    an_incident,
)
from tests.contract.conftest import Storage


async def _write_everywhere(unit: UnitOfWork) -> None:
    await unit.services.add(a_service())
    await unit.services.save([a_service()])
    await unit.checks.plan_many({CHECK: a_slot()})
    await unit.results.add([a_result()])
    await unit.spans.turn(CHECK, NOON, TimeKind.UP)
    await unit.incidents.save(an_incident())
    await unit.recipients.save(a_recipient())
    await unit.outbox.add([a_notice()])
    await unit.audit.add(
        [AuditRow(workspace_id=WORKSPACE, service_id=SERVICE, at=NOON, action="a", summary="b")]
    )
    await unit.roll_ups.mark_dirty([DirtyBucket(check_id=CHECK, hour=NOON)])
    await unit.roll_ups.save_many(Grain.HOUR, {CHECK: {NOON: RollUp()}})


async def _counts(unit: UnitOfWork) -> list[int]:
    """Count what each repository holds; leasing here is undone with the unit of work."""
    return [
        len(await unit.services.list_of_checks([CHECK])),
        len(await unit.checks.fences([CHECK])),
        len(await unit.results.latest([CHECK], limit=9)),
        len(await unit.spans.overlapping([CHECK], NOON, NOON + DAY)),
        len(await unit.incidents.latest([SERVICE], limit=9)),
        len(await unit.recipients.of_service(SERVICE)),
        len(await unit.outbox.lease(now=NOON, limit=9, lease_for=SECOND)),
        len(await unit.audit.of_service(SERVICE, limit=9)),
        len(await unit.roll_ups.take_dirty(limit=9)),
        len(await unit.roll_ups.load([CHECK], Grain.HOUR, NOON, NOON + DAY)),
    ]


async def test_commit_keeps_everything(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await _write_everywhere(unit)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await _counts(unit) == [1] * 10


async def test_leaving_without_commit_keeps_nothing(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await _write_everywhere(unit)

    async with storage.unit_of_work() as unit:
        assert await _counts(unit) == [0] * 10


async def test_exception_keeps_nothing_and_is_raised(storage: Storage) -> None:
    async def fail() -> None:
        async with storage.unit_of_work() as unit:
            await _write_everywhere(unit)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    async with storage.unit_of_work() as unit:
        assert await _counts(unit) == [0] * 10


async def test_exception_in_a_savepoint_undoes_that_part_only(storage: Storage) -> None:
    async def fail_in_part(unit: UnitOfWork) -> None:
        async with unit.savepoint():
            await _write_everywhere(unit)
            raise ZeroDivisionError

    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service("service-0"))
        with pytest.raises(ZeroDivisionError):
            await fail_in_part(unit)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(a_service("service-0").id)).name == "Checkout"
        assert await _counts(unit) == [0] * 10


async def test_savepoint_without_exception_stays(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        async with unit.savepoint():
            await _write_everywhere(unit)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await _counts(unit) == [1] * 10


async def test_service_can_be_saved_after_its_savepoint_was_undone(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.commit()

    async def fail_in_part(unit: UnitOfWork, service: Service) -> None:
        async with unit.savepoint():
            await unit.services.save_states([replace(service, revision=1)])
            raise ZeroDivisionError

    async with storage.unit_of_work() as unit:
        service = await unit.services.get(SERVICE, lock=True)
        with pytest.raises(ZeroDivisionError):
            await fail_in_part(unit, service)
        await unit.services.save([replace(service, revision=1, name="Till")])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).name == "Till"


async def test_state_that_was_undone_with_a_savepoint_can_be_stored_again(
    storage: Storage,
) -> None:
    async def fail_in_part(unit: UnitOfWork, service: Service) -> None:
        async with unit.savepoint():
            await unit.services.save_states([service])
            raise ZeroDivisionError

    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.services.save([a_service()])
        await unit.commit()
    state = CheckState(health=ServiceHealth.UP, since=NOON)
    check = replace(a_service().checks[0], state=state)
    turned = replace(a_service(), health=ServiceHealth.UP, revision=1, checks=(check,))

    async with storage.unit_of_work() as unit:
        await unit.services.get(SERVICE, lock=True)
        with pytest.raises(ZeroDivisionError):
            await fail_in_part(unit, turned)
        await unit.services.save_states([turned])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.services.get(SERVICE) == turned


async def test_work_after_a_commit_is_a_transaction_of_its_own(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.commit()
        await unit.services.add(a_service("service-2"))

    async with storage.unit_of_work() as unit:
        assert (await unit.services.get(SERVICE)).id == SERVICE
        with pytest.raises(NotFoundError):
            await unit.services.get(a_service("service-2").id)


async def test_second_open_incident_of_a_service_is_refused(storage: Storage) -> None:
    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.incidents.save(an_incident())
        await unit.commit()

    async with storage.unit_of_work() as unit:
        with pytest.raises(VersionConflictError):
            await unit.incidents.save(an_incident("incident-2"))


async def test_refused_incident_of_a_savepoint_leaves_the_rest_as_it_is(storage: Storage) -> None:
    async def open_second(unit: UnitOfWork) -> None:
        async with unit.savepoint():
            await unit.incidents.save(an_incident("incident-2"))

    async with storage.unit_of_work() as unit:
        await unit.services.add(a_service())
        await unit.incidents.save(an_incident())
        with pytest.raises(VersionConflictError):
            await open_second(unit)
        await unit.results.add([a_result()])
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.incidents.latest([SERVICE], limit=9) == [an_incident()]
        assert len(await unit.results.latest([CHECK], limit=9)) == 1


async def test_savepoint_within_a_savepoint_undoes_its_own_part_only(storage: Storage) -> None:
    async def fail_in_part(unit: UnitOfWork) -> None:
        async with unit.savepoint():
            await unit.results.add([a_result(NOON + SECOND)])
            raise ZeroDivisionError

    async with storage.unit_of_work() as unit:
        async with unit.savepoint():
            await unit.results.add([a_result()])
            with pytest.raises(ZeroDivisionError):
                await fail_in_part(unit)
        await unit.commit()

    async with storage.unit_of_work() as unit:
        assert await unit.results.latest([CHECK], limit=9) == [a_result()]
