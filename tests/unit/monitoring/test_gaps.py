"""What Allgreen did not see counts as nothing: it was off, or asleep, or its clock was wrong."""

from __future__ import annotations

from datetime import timedelta

from allgreen.domain.status import TimeKind
from allgreen.testing import MINUTE, NOON, a_check, outcomes
from tests.unit.monitoring.scene import Scene

HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)


async def test_an_outage_does_not_begin_while_nobody_looked() -> None:
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes("of"))

    scene.clock.advance(10 * HOUR)
    back_at = scene.now
    await scene.runs(outcomes("fff"))

    (incident,) = await scene.incidents()
    assert incident.began_at >= back_at - MINUTE
    assert [kind for kind, _ in await scene.spans()] == [
        TimeKind.UP,
        TimeKind.UNKNOWN,
        TimeKind.DOWN,
    ]


async def test_a_time_without_runs_is_not_green_although_a_quick_attempt_was_planned() -> None:
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes("of"))

    scene.clock.advance(10 * HOUR)
    await scene.runs(outcomes("o"))

    kinds = [kind for kind, _ in await scene.spans()]
    assert kinds == [TimeKind.UP, TimeKind.UNKNOWN, TimeKind.UP]
    assert await scene.incidents() == []


async def test_a_weekly_check_that_comes_days_late_blames_nobody_for_these_days() -> None:
    scene = Scene()
    await scene.watch(a_check(every=WEEK))
    await scene.runs(outcomes("o"))

    scene.clock.jump(NOON + WEEK + 72 * HOUR)
    await scene.runs(outcomes("fff"))

    (incident,) = await scene.incidents()
    assert incident.began_at == NOON + WEEK + 72 * HOUR


async def test_a_short_stop_does_not_begin_a_confirmation_anew() -> None:
    scene = Scene()
    await scene.watch()
    await scene.runs(outcomes("of"))

    scene.clock.advance(2 * MINUTE)
    await scene.runs(outcomes("ff"))

    (incident,) = await scene.incidents()
    assert incident.began_at == NOON + MINUTE
