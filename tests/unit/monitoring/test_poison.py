"""One poisoned service hurts no other one: not its runs, not its sums, not its days."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from allgreen.domain.commands import RegisterCheck, RegisterService
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Outcome
from allgreen.monitoring.keeper import Keeper
from allgreen.ports import UnitOfWork
from allgreen.testing import ACCOUNT, NOON, SERVICE, WORKSPACE, a_check, outcomes
from tests.unit.monitoring.scene import Scene

# Before the sound one in every order.
POISONED = ServiceId("0198c000-0000-7000-8000-000000000000")
ITS_CHECK = CheckId("0198c000-0000-7000-8000-000000000001")


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.handle(
        RegisterService(
            service_id=POISONED,
            workspace_id=WORKSPACE,
            name="Poisoned",
            recipients=(),
            by=ACCOUNT,
            at=NOON,
        )
    )
    check = a_check(id=ITS_CHECK, service_id=POISONED)
    await scene.handle(RegisterCheck(check=check, by=ACCOUNT, at=NOON))
    await scene.watch()
    await scene.run(Outcome.OK, ITS_CHECK)
    await scene.run(Outcome.OK)
    await scene.ask(_poison)
    return scene


async def test_the_others_get_their_sums(scene: Scene) -> None:
    await _keeper(scene).keep()

    assert await scene.ask(_strips) == {SERVICE}


async def test_the_days_of_the_others_are_closed(scene: Scene) -> None:
    keeper = _keeper(scene)
    await keeper.keep()

    tomorrow = scene.clock.advance(timedelta(days=1)).date()
    await keeper.keep()

    strip = (await scene.ask(lambda uow: uow.roll_ups.strips([SERVICE])))[SERVICE]
    assert strip.first + timedelta(days=len(strip.grades) - 1) == tomorrow


async def test_what_is_old_is_deleted_all_the_same(scene: Scene) -> None:
    keeper = _keeper(scene)
    scene.clock.advance(timedelta(days=8))

    await keeper.keep()

    assert await scene.results() == []


async def test_an_outage_is_told_although_the_zone_is_known_no_more() -> None:
    scene = Scene(zone="Atlantis/Capital")
    await scene.watch()

    await scene.runs(outcomes("offf"))
    await _keeper(scene).keep()

    assert await scene.kinds() == [NoticeKind.DOWN]
    assert await scene.ask(_strips) == {SERVICE}


def _keeper(scene: Scene) -> Keeper:
    return Keeper(unit_of_work=scene.storage.unit_of_work, clock=scene.clock, broker=scene.broker)


async def _strips(uow: UnitOfWork) -> set[ServiceId]:
    return set(await uow.roll_ups.strips([SERVICE, POISONED]))


async def _poison(uow: UnitOfWork) -> None:
    service = await uow.services.get(POISONED)
    (check,) = service.checks
    state = replace(check.state, last_evidence_at=NOON.replace(tzinfo=None))
    await uow.services.save_states([replace(service, checks=(replace(check, state=state),))])
