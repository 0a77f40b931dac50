"""What the proof has found: the smallest history of each, and the sentence of the law it broke."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from allgreen.domain.check import Confirmation
from allgreen.domain.commands import Command, EditService, PauseService
from allgreen.domain.identity import WindowId
from allgreen.domain.maintenance import Window
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Outcome, TimeKind
from allgreen.monitoring.presence import Presence
from allgreen.testing import ACCOUNT, MINUTE, NOON, SERVICE, WORKSPACE, a_check, outcomes
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


async def test_an_outage_that_takes_slots_to_confirm_does_not_begin_inside_a_window() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(down=5)))
    await scene.run(Outcome.OK)
    over = NOON + MINUTE + 30 * SECOND
    window = Window(
        id=WindowId("0198c000-0000-7000-8000-0000000000cc"),
        workspace_id=WORKSPACE,
        name="Upgrade",
        first=NOON.date(),
        at=NOON.time(),
        duration=over - NOON,
        holds_from=NOON,
    )
    await scene.ask(lambda uow: uow.windows.save([window]))

    await scene.runs(outcomes("fffff"))

    (incident,) = await scene.incidents()
    assert incident.began_at == over


async def test_an_outage_ends_with_the_first_of_several_good_results() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(up=2)))

    await scene.runs(outcomes("offfoo"))

    (incident,) = await scene.incidents()
    assert incident.ended_at == NOON + 2 * MINUTE


async def test_good_results_from_before_an_absence_do_not_end_an_outage() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(up=2)))
    await scene.runs(outcomes("offfo"))
    presence = _presence(scene)
    await presence.go_offline(scene.now)

    await presence.come_back(scene.now)

    assert (await scene.service()).checks[0].state.good == 0


async def test_suspicion_from_before_an_absence_is_forgotten_over_a_restart() -> None:
    scene = Scene()
    await scene.watch()
    await _presence(scene).begin()
    await scene.runs(outcomes("off"))
    await _presence(scene).go_offline(scene.now)

    await _presence(scene).begin()

    assert (await scene.service()).checks[0].state.bad == 0


async def test_what_became_steady_is_told_as_it_was_then() -> None:
    scene = Scene()
    await scene.watch(a_check(confirmation=Confirmation(down=1)))
    await scene.runs(outcomes("ofofofoo"))
    assert (await scene.service()).flaps.is_flapping

    scene.clock.advance(timedelta(minutes=40))
    await scene.run(Outcome.FAIL)

    told = [notice for notice in await scene.owed() if notice.kind is NoticeKind.STEADY]
    assert [notice.facts["health"] for notice in told] in ([], ["unknown"], ["up"])
    assert (await scene.kinds())[-1] is NoticeKind.DOWN


async def test_what_was_begun_before_the_clock_was_set_back_plans_nothing_ahead() -> None:
    scene = Scene()
    await scene.watch()
    presence = _presence(scene)
    await presence.look()
    scene.clock.advance(timedelta(minutes=31))
    (begun,) = await scene.lease()
    scene.clock.jump(scene.now - timedelta(minutes=20))

    await presence.look()
    await scene.found(begun, Outcome.OK)

    slot = await scene.planned()
    assert slot is not None
    assert slot.due_at <= scene.now + MINUTE


def _presence(scene: Scene) -> Presence:
    async def execute(command: Command) -> None:
        await scene.handle(command)

    async def flush() -> None:
        return None

    return Presence(
        name="local",
        unit_of_work=scene.storage.unit_of_work,
        execute=execute,
        flush=flush,
        clock=scene.clock,
    )
