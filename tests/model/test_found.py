"""What the proof has found: the smallest history of each, and the sentence of the law it broke."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from allgreen.domain.check import Confirmation
from allgreen.domain.commands import EditService, PauseService
from allgreen.domain.status import Outcome, TimeKind
from allgreen.testing import ACCOUNT, MINUTE, NOON, SERVICE, a_check, outcomes
from tests.unit.monitoring.scene import Scene

SECOND = timedelta(seconds=1)


async def test_time_stays_paused_when_a_paused_service_is_to_be_asked_something_else() -> None:
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    scene.clock.advance(MINUTE)
    service = await scene.service()
    await scene.handle(
        EditService(
            service_id=SERVICE,
            expected_version=service.version,
            checks=(replace(service.checks[0], options=a_check(url="http://127.0.0.1/2").options),),
            by=ACCOUNT,
            at=scene.now,
        )
    )

    assert [kind for kind, _ in await scene.spans()] == [TimeKind.UP, TimeKind.PAUSED]


async def test_an_outage_exactly_five_minutes_after_the_last_one_continues_it() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(down=1)))
    await scene.runs(outcomes("ofo"))
    ended_at = (await scene.incidents())[0].ended_at
    assert ended_at == NOON + 2 * MINUTE

    await scene.runs(outcomes("oooof"))

    (incident,) = await scene.incidents()
    assert incident.reopened_at == ended_at + 5 * MINUTE


async def test_an_outage_that_takes_slots_to_confirm_continues_the_last_one_all_the_same() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(down=5)))
    await scene.runs(outcomes("offfffo"))
    ended_at = (await scene.incidents())[0].ended_at
    assert ended_at is not None

    await scene.runs(outcomes("ooofffff"))

    (incident,) = await scene.incidents()
    assert incident.reopened == 1
    assert incident.confirmed_at - ended_at > timedelta(minutes=5)
