"""Windows begin and end: screens hear of it, and what fails at the end is asked at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from allgreen.domain.check import Slot
from allgreen.domain.identity import CheckId, ServiceId, WindowId
from allgreen.domain.maintenance import Recurrence, Repeat, Window
from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import Outcome
from allgreen.monitoring import windows as windows_module
from allgreen.monitoring.windows import WindowWatch
from allgreen.ports import DirtyBucket
from allgreen.testing import CHECK, MINUTE, NOON, SERVICE, WORKSPACE, a_check, outcomes
from tests.unit.monitoring.scene import Scene, hints

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")
DAILY = Recurrence(repeat=Repeat.DAILY)


@pytest.fixture
async def scene() -> Scene:
    """A service that is asked every hour."""
    scene = Scene()
    await scene.watch(a_check(every=HOUR))
    return scene


def _watch(scene: Scene) -> WindowWatch:
    return WindowWatch(
        unit_of_work=scene.storage.unit_of_work,
        broker=scene.broker,
        on_schedule=lambda: scene.rings.append("window"),
    )


async def _plan(
    scene: Scene,
    begin: datetime = NOON + HOUR,
    duration: timedelta = 30 * MINUTE,
    *,
    name: str = "one",
    recurrence: Recurrence | None = None,
    service_ids: Sequence[ServiceId] = (),
) -> Window:
    window = Window(
        id=WindowId(name),
        workspace_id=WORKSPACE,
        name=name,
        service_ids=tuple(service_ids),
        first=begin.date(),
        at=time(begin.hour, begin.minute),
        duration=duration,
        recurrence=recurrence or Recurrence(),
        holds_from=NOON - DAY,
    )
    await scene.ask(lambda uow: uow.windows.save([window]))
    return window


async def _marks(scene: Scene) -> set[datetime]:
    """Take all marks."""
    marks: list[DirtyBucket] = await scene.ask(lambda uow: uow.roll_ups.take_dirty(limit=10_000))
    return {mark.hour for mark in marks}


async def test_what_fails_when_a_window_ends_is_asked_at_once(scene: Scene) -> None:
    await _plan(scene)
    await scene.runs(outcomes("offf"))
    waits = await scene.planned()

    scene.clock.jump(NOON + 90 * MINUTE)
    await _watch(scene).look(scene.now)

    assert waits is not None
    assert waits.due_at > scene.now
    assert await scene.planned() == Slot(at=scene.now, due_at=scene.now)
    assert scene.rings[-1] == "window"


async def test_outage_that_outlasts_a_window_is_told_as_of_its_end(scene: Scene) -> None:
    await _plan(scene)
    await scene.runs(outcomes("offf"))
    silent = await scene.kinds()

    end = NOON + 90 * MINUTE
    scene.clock.jump(end + SECOND)
    await _watch(scene).look(scene.now)
    await scene.run(Outcome.FAIL)

    assert silent == []
    assert await scene.kinds() == [NoticeKind.DOWN]
    (incident,) = await scene.incidents()
    assert incident.began_at == end
    assert scene.now - end < MINUTE


async def test_window_whose_cancellation_is_stored_after_a_look_is_noticed(scene: Scene) -> None:
    window = await _plan(scene)
    await scene.runs(outcomes("offf"))
    watch = _watch(scene)
    scene.clock.jump(NOON + 75 * MINUTE)
    await watch.look(scene.now)
    before = scene.rings.count("window")

    cancelled = replace(window, cancelled_at=scene.now - SECOND)
    await scene.ask(lambda uow: uow.windows.save([cancelled]))
    scene.clock.advance(SECOND)
    await watch.look(scene.now)

    assert before == 0
    assert await scene.planned() == Slot(at=scene.now, due_at=scene.now)


async def test_what_fails_when_a_window_ends_is_asked_once(scene: Scene) -> None:
    await _plan(scene)
    await scene.runs(outcomes("offf"))
    watch = _watch(scene)

    for second in range(90):
        scene.clock.jump(NOON + 90 * MINUTE + second * SECOND)
        await watch.look(scene.now)

    assert scene.rings.count("window") == 1


async def test_what_holds_when_a_window_ends_waits_for_its_period(scene: Scene) -> None:
    await _plan(scene)
    await scene.run(Outcome.OK)
    waits = await scene.planned()

    scene.clock.jump(NOON + 90 * MINUTE)
    await _watch(scene).look(scene.now)

    assert await scene.planned() == waits


async def test_what_another_window_covers_waits_for_its_period(scene: Scene) -> None:
    await _plan(scene)
    await _plan(scene, NOON + 70 * MINUTE, name="other", service_ids=[SERVICE])
    await scene.runs(outcomes("offf"))
    waits = await scene.planned()

    scene.clock.jump(NOON + 90 * MINUTE)
    await _watch(scene).look(scene.now)

    assert await scene.planned() == waits


async def test_re_probe_that_comes_by_itself_is_not_planned_anew(scene: Scene) -> None:
    await _plan(scene, NOON, HOUR + MINUTE)
    await scene.runs(outcomes("of"))
    waits = await scene.planned()

    scene.clock.jump(NOON + HOUR + MINUTE)
    await _watch(scene).look(scene.now)

    assert waits is not None
    assert waits.attempt == 2
    assert await scene.planned() == waits


async def test_run_that_lasts_when_a_window_ends_is_not_planned_anew(scene: Scene) -> None:
    await _plan(scene, NOON, HOUR + MINUTE)
    await scene.runs(outcomes("offf"))
    scene.clock.jump(NOON + 2 * HOUR)
    (leased,) = await scene.lease()

    await _plan(scene, NOON + HOUR + 2 * MINUTE, 58 * MINUTE, name="other")
    await _watch(scene).look(scene.now)

    planned = await scene.planned()
    assert planned is not None
    assert planned.at == leased.slot.at


async def test_hours_at_both_ends_are_made_anew() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await _plan(scene, NOON + 30 * MINUTE, 3 * HOUR + 30 * MINUTE)
    await _marks(scene)
    watch = _watch(scene)
    await watch.look(scene.now)

    scene.clock.jump(NOON + 4 * HOUR)
    await watch.look(scene.now)
    marks = await _marks(scene)
    scene.clock.advance(SECOND)
    await watch.look(scene.now)

    assert marks == {NOON, NOON + 3 * HOUR}
    assert await _marks(scene) == set()


@pytest.mark.parametrize("minute", [30, 60], ids=["begins", "ends"])
async def test_screens_hear_that_a_window(scene: Scene, minute: int) -> None:
    await _plan(scene, NOON + 30 * MINUTE)
    watch = _watch(scene)
    scene.clock.jump(NOON + (minute - 1) * MINUTE)
    await watch.look(scene.now)
    scene.clock.jump(NOON + minute * MINUTE)

    heard = await hints(scene.broker, lambda: watch.look(scene.now))
    again = await hints(scene.broker, lambda: watch.look(scene.now))

    assert [(hint.kind, hint.id) for hint in heard] == [("service", SERVICE)]
    assert again == []


async def test_window_that_ended_while_nobody_looked_is_noticed_after_a_start(
    scene: Scene,
) -> None:
    await _plan(scene)
    await scene.runs(outcomes("offf"))
    await _marks(scene)

    scene.clock.jump(NOON + 20 * HOUR)
    await _watch(scene).look(scene.now)
    first = await _marks(scene)
    await _watch(scene).look(scene.now)

    assert first == await _marks(scene) == {NOON + HOUR}
    assert await scene.planned() == Slot(at=scene.now, due_at=scene.now)


async def test_years_ahead_only_the_latest_day_is_looked_at(scene: Scene) -> None:
    await _plan(scene, NOON + MINUTE, recurrence=DAILY)
    watch = _watch(scene)
    await watch.look(scene.now)
    await _marks(scene)

    scene.clock.jump(NOON + 3650 * DAY)
    await watch.look(scene.now)

    assert await _marks(scene) == {NOON + 3649 * DAY}


async def test_clock_that_is_set_back_makes_nothing_pass_unseen(scene: Scene) -> None:
    await _plan(scene, NOON - HOUR)
    watch = _watch(scene)
    scene.clock.jump(NOON + 5 * DAY)
    await watch.look(scene.now)
    await _marks(scene)

    scene.clock.jump(NOON)
    await watch.look(scene.now)

    assert await _marks(scene) == {NOON - HOUR}


async def test_many_checks_are_passed_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "MOST_AT_ONCE", 1)
    two = Scene()
    await two.watch(a_check(every=HOUR), a_check(id=OTHER, every=HOUR))
    await _plan(two)
    for letters in ("o", "fff"):
        for check_id in (CHECK, OTHER):
            await two.runs(outcomes(letters), check_id)

    two.clock.jump(NOON + 90 * MINUTE)
    await _watch(two).look(two.now)

    assert [await two.planned(each) for each in (CHECK, OTHER)] == [
        Slot(at=two.now, due_at=two.now)
    ] * 2
    assert two.rings[-2:] == ["window"] * 2
