"""Checks that cannot be run: nothing is claimed of them, somebody hears of it, and it passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.check import ParkedReason
from allgreen.domain.commands import ParkChecks, RegisterCheck
from allgreen.domain.events import CheckParked
from allgreen.domain.facts import Facts
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Outcome, ServiceHealth, TimeKind
from allgreen.errors import StorageFullError
from allgreen.monitoring.bus import Turn
from allgreen.monitoring.handlers.parking import PARKED_AT_MOST, PARKED_FOR
from allgreen.ports import UnitOfWork
from allgreen.testing import ACCOUNT, CHECK, a_check, outcomes
from tests.unit.monitoring.scene import Scene

SECOND = timedelta(seconds=1)
OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")
# Before the sound one in every order.
POISONED = ServiceId("0198c000-0000-7000-8000-000000000000")
ITS_CHECK = CheckId("0198c000-0000-7000-8000-000000000001")


@pytest.fixture
async def scene() -> Scene:
    """A service that is up."""
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)
    return scene


async def _park(scene: Scene, *check_ids: CheckId) -> None:
    await scene.handle(ParkChecks(check_ids=check_ids or (CHECK,), at=scene.now))


async def test_what_cannot_be_run_does_not_stay_up(scene: Scene) -> None:
    await _park(scene)

    service = await scene.service()
    assert (service.health, service.reason) == (
        ServiceHealth.UNKNOWN,
        ParkedReason.DAMAGED,
    )
    assert (await scene.spans())[-1] == (TimeKind.UNKNOWN, scene.now)


async def test_the_admins_hear_of_it_once(scene: Scene) -> None:
    await _park(scene)
    scene.clock.advance(PARKED_FOR)
    await _park(scene)

    sent = await scene.send_all()
    assert [(each.kind, each.address) for each in sent] == [
        (NoticeKind.PARKED, "admin@example.org")
    ]
    assert [row.action for row in await scene.audit()].count("check.parked") == 1


async def test_what_people_read_is_that_it_could_not_be_run(scene: Scene) -> None:
    await _park(scene)

    (told,) = await scene.send_all()
    facts = Facts.from_json(told.facts)
    assert facts.reason == "could not be run: what is stored of it is damaged"
    assert facts.message.startswith("Allgreen could not run a check: what is stored of it is")
    (row,) = (row for row in await scene.audit() if row.action == "check.parked")
    assert "because a check could not be run: what is stored of it is damaged" in row.summary


async def test_it_is_tried_again_less_and_less_often(scene: Scene) -> None:
    waits = []
    for _ in range(6):
        await _park(scene)
        slot = await scene.planned()
        assert slot is not None
        waits.append(slot.due_at - scene.now)
        scene.clock.jump(slot.due_at)

    assert waits[:2] == [PARKED_FOR, 2 * PARKED_FOR]
    assert waits[-1] == PARKED_AT_MOST


async def test_it_is_up_again_with_its_first_good_result(scene: Scene) -> None:
    await _park(scene)

    await scene.run(Outcome.OK)

    assert (await scene.service()).health is ServiceHealth.UP


async def test_an_outage_does_not_end_because_of_it(scene: Scene) -> None:
    await scene.runs(outcomes("fff"))

    await _park(scene)

    assert (await scene.service()).health is ServiceHealth.DOWN
    assert await scene.kinds() == [NoticeKind.DOWN]


async def test_other_checks_of_the_service_go_on_as_before(scene: Scene) -> None:
    await scene.handle(RegisterCheck(check=a_check(id=OTHER), by=ACCOUNT, at=scene.now))
    before = await scene.planned(OTHER), (await scene.service()).check(OTHER)

    await _park(scene)

    assert (await scene.planned(OTHER), (await scene.service()).check(OTHER)) == before


async def test_a_poisoned_service_keeps_no_other_from_being_parked(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.also_watch(a_check(id=ITS_CHECK, service_id=POISONED))
    await scene.ask(_poison)

    await _park(scene, ITS_CHECK, CHECK)

    assert (await scene.service()).health is ServiceHealth.UNKNOWN
    assert f"Checks of service {POISONED} could not be parked" in caplog.text


async def _poison(uow: UnitOfWork) -> None:
    service = await uow.services.get(POISONED)
    (check,) = service.checks
    state = replace(check.state, blind="many", reason=ParkedReason.DAMAGED)  # type: ignore[arg-type]  # damaged
    await uow.services.save_states([replace(service, checks=(replace(check, state=state),))])


async def test_a_storage_that_fails_parks_nothing(scene: Scene) -> None:
    async def fail(_event: CheckParked, _turn: Turn) -> None:
        raise StorageFullError("The disk is full.")

    scene.bus.within(CheckParked, fail)

    with pytest.raises(StorageFullError):
        await _park(scene)

    assert (await scene.service()).health is ServiceHealth.UP
