"""What time counts as in sums and strips: windows, checks that were removed, zones that changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from allgreen.domain.commands import Command, DeleteCheck, EditService, PauseService
from allgreen.domain.identity import CheckId, WindowId
from allgreen.domain.maintenance import Window
from allgreen.domain.status import DayGrade, Outcome
from allgreen.domain.uptime import Tally, tally
from allgreen.monitoring.keeper import Keeper
from allgreen.monitoring.rollup import Grades
from allgreen.ports import Grain, Strip
from allgreen.testing import (
    ACCOUNT,
    CHECK,
    MINUTE,
    NOON,
    SERVICE,
    WORKSPACE,
    FakeClock,
    a_check,
    outcomes,
)
from tests.unit.monitoring.scene import Scene

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    return scene


def _keeper(scene: Scene) -> Keeper:
    return Keeper(unit_of_work=scene.storage.unit_of_work, clock=scene.clock, broker=scene.broker)


async def _plan(scene: Scene, begin: datetime, duration: timedelta) -> None:
    window = Window(
        id=WindowId("0198c000-0000-7000-8000-0000000000b1"),
        workspace_id=WORKSPACE,
        name="Move",
        first=begin.date(),
        at=time(begin.hour, begin.minute),
        duration=duration,
        holds_from=NOON - DAY,
    )
    await scene.ask(lambda uow: uow.windows.save([window]))


async def _strip(scene: Scene) -> Strip:
    return (await scene.ask(lambda uow: uow.roll_ups.strips([SERVICE])))[SERVICE]


async def _tallies(scene: Scene, grain: Grain, check_id: CheckId = CHECK) -> list[Tally]:
    rows = await scene.ask(
        lambda uow: uow.roll_ups.load([check_id], grain, NOON - 9 * DAY, NOON + 9 * DAY)
    )
    return [row.tally for row in rows.get(check_id, {}).values()]


# Windows ------------------------------------------------------------------------------------------


async def test_outage_in_a_window_is_maintenance_in_every_sum(scene: Scene) -> None:
    await _plan(scene, NOON + MINUTE, 2 * MINUTE)

    await scene.runs(outcomes("offfooo"))
    await _keeper(scene).keep()

    (hour,), (day,) = await _tallies(scene, Grain.HOUR), await _tallies(scene, Grain.DAY)
    assert hour == Tally(up=day.up, maintenance=2 * MINUTE)
    assert day == Tally(up=day.up, maintenance=2 * MINUTE, unknown=12 * HOUR)
    strip = await _strip(scene)
    assert (strip.grades[-1], strip.details) == (DayGrade.FULL, ())
    assert strip.known_us == strip.good_us == day.up // MICROSECOND


async def test_outage_that_outlasts_a_window_counts_from_its_end(scene: Scene) -> None:
    await _plan(scene, NOON + MINUTE, 2 * MINUTE)

    await scene.runs(outcomes("offffffo"))
    await _keeper(scene).keep()

    (day,) = await _tallies(scene, Grain.DAY)
    spans = await scene.raw_spans()
    began_at, ended_at = spans[1].began_at, spans[1].ended_at
    assert ended_at is not None
    assert began_at < NOON + 3 * MINUTE < ended_at
    assert day.down == ended_at - (NOON + 3 * MINUTE)


async def test_day_of_which_all_known_time_is_maintenance_is_maintenance(scene: Scene) -> None:
    await _plan(scene, NOON - MINUTE, 12 * HOUR + MINUTE)

    await scene.runs(outcomes("offo"))
    await _keeper(scene).keep()

    strip = await _strip(scene)
    assert strip.grades[-1] == DayGrade.MAINTENANCE
    assert (strip.known_us, strip.details) == (0, ())
    service = await scene.service()
    grades = await scene.ask(lambda uow: Grades.of([service], scene.now, scene.now, uow))
    assert grades.latest(service, scene.now, 2) == "nm"


async def test_paused_time_in_a_window_stays_paused(scene: Scene) -> None:
    await _plan(scene, NOON, HOUR)
    await scene.run(Outcome.OK)
    paused_at = scene.now
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=paused_at))
    scene.clock.advance(10 * MINUTE)

    await _keeper(scene).keep()

    (day,) = await _tallies(scene, Grain.DAY)
    assert (day.maintenance, day.paused) == (paused_at - NOON, 10 * MINUTE)


# Silence ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["paused", "edited", "removed"])
async def test_silence_before_people_change_something_is_unknown(deed: str) -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.run(Outcome.OK)
    await scene.run(Outcome.OK, OTHER)

    scene.clock.advance(10 * HOUR)
    await _do(scene, deed)

    measured = tally(await scene.raw_spans(OTHER), NOON, scene.now)
    assert timedelta(0) < measured.up <= MINUTE
    assert measured.unknown == scene.now - NOON - measured.up


async def test_silence_that_may_be_chance_is_no_silence() -> None:
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)

    scene.clock.advance(2 * MINUTE)
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    assert tally(await scene.raw_spans(), NOON, scene.now) == Tally(up=scene.now - NOON)


async def _do(scene: Scene, deed: str) -> None:
    service = await scene.service()
    other = a_check(id=OTHER, url="http://127.0.0.1:9000/other")
    commands: dict[str, Command] = {
        "paused": PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now),
        "removed": DeleteCheck(service_id=SERVICE, check_id=OTHER, by=ACCOUNT, at=scene.now),
        "edited": EditService(
            service_id=SERVICE,
            expected_version=service.version,
            checks=(service.check(CHECK), other),
            by=ACCOUNT,
            at=scene.now,
        ),
    }
    await scene.handle(commands[deed])


# Removed checks -----------------------------------------------------------------------------------


async def test_outage_of_a_check_that_is_removed_still_counts() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    for outcome in outcomes("offf"):
        await scene.run(Outcome.OK)
        await scene.run(outcome, OTHER)
    await _keeper(scene).keep()
    before = await _strip(scene)

    removal = DeleteCheck(service_id=SERVICE, check_id=OTHER, by=ACCOUNT, at=scene.now)
    await scene.handle(removal)
    await scene.runs(outcomes("oo"))
    await _keeper(scene).keep()

    after = await _strip(scene)
    down_us = before.known_us - before.good_us
    assert down_us > 0
    assert after.known_us - after.good_us >= down_us
    assert after.grades[-1] in (DayGrade.MINOR, DayGrade.PARTIAL, DayGrade.MAJOR)
    (gone,) = await _tallies(scene, Grain.DAY, OTHER)
    assert gone.down > timedelta(0)
    assert gone.paused == timedelta(0)


async def test_removed_check_says_nothing_of_the_time_after_its_removal() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.run(Outcome.OK)
    await scene.run(Outcome.OK, OTHER)
    removal = DeleteCheck(service_id=SERVICE, check_id=OTHER, by=ACCOUNT, at=scene.now)
    await scene.handle(removal)

    scene.clock.advance(2 * DAY)
    await _keeper(scene).keep()

    assert (await _strip(scene)).grades.endswith("unn")
    assert len(await _tallies(scene, Grain.DAY, OTHER)) == 1


# Another zone -------------------------------------------------------------------------------------


async def test_days_that_are_over_keep_letter_and_cut_when_the_zone_changes() -> None:
    scene = Scene(clock=FakeClock(datetime(2026, 3, 7, 22, tzinfo=UTC)), zone="Europe/Rome")
    await scene.watch(a_check(every=HOUR, anchor=scene.now))
    keeper = _keeper(scene)
    # From 22:00 to 01:00 UTC: a failure on each side of midnight in Rome, 23:00 UTC.
    for outcome in outcomes("fffooooo" + "o" * 30):
        await scene.run(outcome)
        await keeper.keep()
    before, rows = await _strip(scene), await _tallies(scene, Grain.DAY)

    await _move(scene, "America/New_York")
    for outcome in outcomes("o" * 40):
        await scene.run(outcome)
        await keeper.keep()

    after = await _strip(scene)
    days = (after.first - before.first).days
    assert after.zone == "America/New_York"
    assert after.grades[: 89 - days] == before.grades[days:89]
    assert [each[1:] for each in after.details][:1] == [each[1:] for each in before.details][:1]
    assert (await _tallies(scene, Grain.DAY))[: len(rows) - 1] == rows[:-1]


async def test_day_on_which_the_zone_changes_lasts_until_the_new_midnight() -> None:
    scene = Scene(clock=FakeClock(datetime(2026, 3, 10, 15, tzinfo=UTC)), zone="Europe/Rome")
    await scene.watch(a_check(every=HOUR, anchor=scene.now))
    keeper = _keeper(scene)
    await scene.run(Outcome.OK)
    await _move(scene, "America/New_York")

    for _ in range(30):
        await scene.run(Outcome.OK)
        await keeper.keep()

    rows = await _tallies(scene, Grain.DAY)
    assert (await _strip(scene)).first + 89 * DAY == date(2026, 3, 11)
    assert rows[0].whole == timedelta(hours=29)  # from 23:00 UTC to 04:00 UTC, in summer time
    assert rows[0].up == timedelta(hours=13)


async def _move(scene: Scene, zone: str) -> None:
    calendar = await scene.ask(lambda uow: uow.workspaces.calendar(WORKSPACE))
    moved = calendar.moved(zone, scene.now)
    await scene.ask(lambda uow: uow.workspaces.save_calendar(WORKSPACE, moved))


# Latest days --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ran", ["offffffo", "ooooooooof", "off", "offo" * 6])
@pytest.mark.parametrize("ago", [0, 1, 2, 5, 30, 60 * 11, 60 * 13])
async def test_wherever_reading_begins_a_day_is_graded_the_same(
    scene: Scene, ran: str, ago: int
) -> None:
    await scene.runs(outcomes(ran))
    await _keeper(scene).keep()
    service, now = await scene.service(), scene.now
    begin = now - ago * MINUTE

    lately = await scene.ask(lambda uow: Grades.of([service], begin, now, uow))
    wholly = await scene.ask(lambda uow: Grades.of([service], now - 2 * DAY, now, uow))

    assert lately.covers(service, now)
    assert lately.latest(service, now, 2) == wholly.latest(service, now, 2) != "nn"
    assert not lately.covers(service, begin - MICROSECOND)
    assert not lately.covers(service, now + MICROSECOND)


async def test_the_grade_just_after_midnight_is_that_of_the_new_day(scene: Scene) -> None:
    await scene.runs(outcomes("offf"))
    scene.clock.advance(NOON + 12 * HOUR - 2 * MINUTE - scene.now)
    await scene.runs(outcomes("ooooo"))
    service, now = await scene.service(), scene.now

    grades = await scene.ask(lambda uow: Grades.of([service], now - 5 * MINUTE, now, uow))

    assert grades.covers(service, now)
    assert grades.latest(service, now, 1) == DayGrade.FULL


async def test_silence_that_began_before_reading_does_is_read_from_its_begin(scene: Scene) -> None:
    await scene.runs(outcomes("o"))
    service, now = await scene.service(), scene.now + HOUR

    lately = await scene.ask(lambda uow: Grades.of([service], now - 5 * MINUTE, now, uow))
    wholly = await scene.ask(lambda uow: Grades.of([service], now - 2 * HOUR, now, uow))

    assert not lately.covers(service, now)
    assert wholly.covers(service, now)
