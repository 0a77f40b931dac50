"""Results and spans become sums and strips, and late evidence is taken in."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.calendar import Calendar
from allgreen.domain.commands import DeleteService, PauseService, RegisterCheck, ResumeService
from allgreen.domain.identity import CheckId
from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import DayGrade, Outcome, TimeKind
from allgreen.domain.uptime import RollUp, Span, Tally, tally, until_covered
from allgreen.monitoring import keeper as keeper_module
from allgreen.monitoring.keeper import Keeper, Retention
from allgreen.ports import DirtyBucket, Grain, Strip
from allgreen.testing import ACCOUNT, CHECK, MINUTE, NOON, SERVICE, FakeClock, a_check, outcomes
from tests.unit.monitoring.scene import Scene, hints

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
OTHER = CheckId("0198c000-0000-7000-8000-0000000000aa")
LETTERS = st.text("osfbpm", min_size=1, max_size=12)


def _keeper(scene: Scene, *, retention: Retention | None = None) -> Keeper:
    return Keeper(
        unit_of_work=scene.storage.unit_of_work,
        clock=scene.clock,
        broker=scene.broker,
        retention=retention,
    )


async def _sums(scene: Scene, grain: Grain, check_id: CheckId = CHECK) -> dict[datetime, RollUp]:
    rows = await scene.ask(
        lambda uow: uow.roll_ups.load([check_id], grain, NOON - 400 * DAY, NOON + 400 * DAY)
    )
    return rows.get(check_id, {})


async def _strip(scene: Scene) -> Strip:
    return (await scene.ask(lambda uow: uow.roll_ups.strips([SERVICE])))[SERVICE]


async def _recomputed(scene: Scene, begin: datetime, end: datetime) -> RollUp:
    """Sum up raw results and spans, as slowly and plainly as can be."""
    check = (await scene.service()).check(CHECK)
    spans = until_covered(await scene.raw_spans(), check, scene.now)
    results = [one for one in await scene.results() if begin <= one.slot < end]
    return RollUp.of(spans, results, begin, max(min(end, scene.now), begin))


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.watch()
    return scene


# Sums ---------------------------------------------------------------------------------------------


async def test_minutes_hours_and_days_are_summed_up(scene: Scene) -> None:
    await scene.runs(outcomes("ooofffooo"))

    await _keeper(scene).keep()

    hour = (await _sums(scene, Grain.HOUR))[NOON]
    assert (hour.ran, hour.failed) == (9, 3)
    assert hour.tally.down == MINUTE
    assert (await _sums(scene, Grain.DAY))[NOON - 12 * HOUR].outcomes == hour.outcomes
    assert len(await _sums(scene, Grain.MINUTE)) == 7


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(LETTERS, st.integers(0, 200)), min_size=1, max_size=6), st.data())
def test_sums_agree_with_a_recomputation_from_raw_results(
    stretches: list[tuple[str, int]], data: st.DataObject
) -> None:
    zone = data.draw(
        st.sampled_from(["UTC", "Europe/Rome", "Asia/Kathmandu", "Australia/Lord_Howe"])
    )

    asyncio.run(_walk_and_compare(stretches, zone))


async def _walk_and_compare(stretches: list[tuple[str, int]], zone: str) -> None:
    scene = Scene(clock=FakeClock(datetime(2026, 3, 28, 22, 10, tzinfo=UTC)), zone=zone)
    await scene.watch(a_check(every=timedelta(minutes=7), anchor=scene.now))
    keeper = _keeper(scene)
    begin = scene.now
    for letters, gap in stretches:
        await scene.runs(outcomes(letters))
        await keeper.keep()
        scene.clock.advance(gap * MINUTE)
    await scene.runs(outcomes("o"))
    await keeper.keep()

    for start, row in (await _sums(scene, Grain.HOUR)).items():
        expected = await _recomputed(scene, start, start + HOUR)
        assert (row.outcomes, row.latencies) == (expected.outcomes, expected.latencies)
    for start, row in (await _sums(scene, Grain.DAY)).items():
        assert row == await _recomputed(scene, start, Calendar(zone=zone).day_at(start).end)
    days = (await _sums(scene, Grain.DAY)).values()
    assert Tally.pooled(row.tally for row in days).known == _known(await scene.raw_spans(), scene)
    assert sum(row.ran + row.failed_to_run for row in days) == len(await scene.results())
    assert begin <= scene.now


def _known(spans: Iterable[Span], scene: Scene) -> timedelta:
    return tally(list(spans), NOON - 400 * DAY, scene.now).known


async def test_made_twice_is_made_once(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    await _keeper(scene).keep()
    first = (await _sums(scene, Grain.HOUR), await _sums(scene, Grain.DAY), await _strip(scene))

    await scene.ask(lambda uow: uow.roll_ups.mark_dirty([DirtyBucket.at(CHECK, scene.now)]))
    await _keeper(scene).keep()

    again = (await _sums(scene, Grain.HOUR), await _sums(scene, Grain.DAY), await _strip(scene))
    assert again == first


async def test_an_outage_that_began_in_the_hour_before_is_taken_in() -> None:
    scene = Scene(clock=FakeClock(NOON + 59 * MINUTE))
    await scene.watch(a_check(every=MINUTE))
    keeper = _keeper(scene)
    await scene.run(Outcome.OK)
    await keeper.keep()

    await scene.runs(outcomes("ffff"))
    await keeper.keep()

    hours = await _sums(scene, Grain.HOUR)
    assert hours[NOON].tally.up + hours[NOON].tally.unknown == HOUR
    assert hours[NOON + HOUR].tally.down > timedelta(0)


async def test_an_hour_that_is_over_is_closed_by_the_next_result() -> None:
    scene = Scene()
    await scene.watch(a_check(every=timedelta(minutes=20)))
    keeper = _keeper(scene)

    for outcome in outcomes("oooo"):
        await scene.run(outcome)
        await keeper.keep()

    assert (await _sums(scene, Grain.HOUR))[NOON].tally == Tally(up=HOUR)


async def test_counts_whose_raw_results_are_gone_stay_as_they_are(scene: Scene) -> None:
    await scene.runs(outcomes("ooo"))
    keeper = _keeper(scene, retention=Retention(raw=timedelta(minutes=90)))
    await keeper.keep()
    scene.clock.advance(3 * HOUR)
    await keeper.keep()
    assert await scene.results() == []

    await scene.run(Outcome.OK)
    await keeper.keep()

    hour = (await _sums(scene, Grain.HOUR))[NOON]
    assert hour.ran == 3
    assert hour.tally.whole == HOUR


async def test_marks_of_checks_that_are_gone_are_dropped(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await scene.handle(DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    await _keeper(scene).keep()

    assert await _sums(scene, Grain.DAY) == {}


# Strips -------------------------------------------------------------------------------------------


async def test_a_strip_holds_ninety_days_with_today_last(scene: Scene) -> None:
    await scene.runs(outcomes("oo"))

    await _keeper(scene).keep()

    strip = await _strip(scene)
    assert strip.grades == DayGrade.NONE * 89 + DayGrade.FULL
    assert strip.first + 89 * DAY == NOON.date()
    assert (strip.details, strip.median_ms) == ((), LatencySketch.of([12, 12]).quantile_ms(0.5))
    assert strip.known_us == strip.good_us


async def test_a_bad_day_has_its_figures_beside_its_letter(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))

    await _keeper(scene).keep()

    strip = await _strip(scene)
    whole = (scene.now - NOON) // timedelta(microseconds=1)
    assert strip.details == ((89, 50.41, 60, 5, 3),)
    assert strip.grades[-1] == DayGrade.PARTIAL
    assert (strip.known_us, strip.known_us - strip.good_us) == (whole, 60_000_000)


async def test_days_follow_on_one_another_over_midnight() -> None:
    scene = Scene()
    await scene.watch(a_check(every=HOUR))
    keeper = _keeper(scene)

    for outcome in outcomes("o" * 20 + "fff" + "o" * 20):
        await scene.run(outcome)
        await keeper.keep()

    strip = await _strip(scene)
    assert strip.grades.endswith("nudu")
    assert [detail[0] for detail in strip.details] == [88]


async def test_a_day_without_a_result_is_closed_at_midnight() -> None:
    scene = Scene()
    await scene.watch(a_check(every=timedelta(weeks=1)))
    keeper = _keeper(scene)
    await scene.run(Outcome.OK)
    await keeper.keep()

    for _ in range(3):
        scene.clock.advance(DAY)
        await keeper.keep()

    assert (await _strip(scene)).grades.endswith("nuuuu")
    rows = await _sums(scene, Grain.DAY)
    assert rows[NOON + 12 * HOUR].tally == Tally(up=DAY)


async def test_days_on_which_nothing_ran_are_empty() -> None:
    scene = Scene()
    await scene.watch()
    await scene.run(Outcome.OK)
    await _keeper(scene).keep()

    scene.clock.advance(3 * DAY)
    await _keeper(scene).keep()

    strip = await _strip(scene)
    assert strip.grades.endswith("unnn")
    assert strip.known_us == strip.good_us == MINUTE // timedelta(microseconds=1)


async def test_a_paused_service_is_turned_when_it_is_resumed(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    keeper = _keeper(scene)
    await keeper.keep()
    await scene.handle(PauseService(service_id=SERVICE, by=ACCOUNT, at=scene.now))
    await keeper.keep()
    scene.clock.advance(3 * DAY)
    await keeper.keep()
    asleep = await _strip(scene)

    await scene.handle(ResumeService(service_id=SERVICE, by=ACCOUNT, at=scene.now))
    await scene.run(Outcome.OK)
    await keeper.keep()

    assert asleep.first + 89 * DAY == NOON.date()
    assert (await _strip(scene)).grades.endswith("unnu")


async def test_midnight_is_that_of_the_workspace() -> None:
    scene = Scene(clock=FakeClock(datetime(2026, 3, 2, 17, tzinfo=UTC)), zone="Asia/Kathmandu")
    await scene.watch(a_check(every=timedelta(weeks=1), anchor=scene.now))
    keeper = _keeper(scene)
    await scene.run(Outcome.OK)
    await keeper.keep()
    before = (await _strip(scene)).first + 89 * DAY

    scene.clock.jump(datetime(2026, 3, 2, 18, 15, tzinfo=UTC))
    await keeper.keep()

    assert before == date(2026, 3, 2)
    assert (await _strip(scene)).first + 89 * DAY == date(2026, 3, 3)


async def test_a_service_in_the_west_waits_for_its_own_midnight() -> None:
    scene = Scene(clock=FakeClock(datetime(2026, 3, 3, 2, tzinfo=UTC)), zone="America/New_York")
    await scene.watch(a_check(every=timedelta(weeks=1), anchor=scene.now))
    await scene.run(Outcome.OK)
    await _keeper(scene).keep()
    before = await _strip(scene)

    scene.clock.jump(datetime(2026, 3, 3, 4, 45, tzinfo=UTC))
    await _keeper(scene).keep()

    assert before.first + 89 * DAY == date(2026, 3, 2)
    assert await _strip(scene) == before


async def test_a_stopped_keeper_leaves_midnight_to_the_next_start(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await _keeper(scene).keep()
    before = await _strip(scene)
    scene.clock.advance(DAY)
    stop = asyncio.Event()
    stop.set()

    await _keeper(scene).keep(stop)
    stopped = await _strip(scene)
    await _keeper(scene).keep()

    assert stopped == before
    assert (await _strip(scene)).first == before.first + DAY


async def test_a_check_counts_from_the_day_on_which_it_was_added(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await _keeper(scene).keep()
    scene.clock.advance(2 * DAY)
    added = a_check(id=OTHER, anchor=scene.now)
    await scene.handle(RegisterCheck(check=added, by=ACCOUNT, at=scene.now))
    await scene.run(Outcome.OK, OTHER)

    await _keeper(scene).keep()

    assert list(await _sums(scene, Grain.DAY)) == [NOON - 12 * HOUR]
    assert list(await _sums(scene, Grain.DAY, OTHER)) == [NOON + 36 * HOUR]


async def test_another_zone_cuts_all_days_anew(scene: Scene) -> None:
    await scene.run(Outcome.OK)
    await _keeper(scene).keep()
    strip = await _strip(scene)
    moved = replace(strip, zone="Asia/Tokyo")
    await scene.ask(lambda uow: uow.roll_ups.save_strips({SERVICE: moved}))

    await scene.run(Outcome.OK)
    await _keeper(scene).keep()

    assert (await _strip(scene)).zone == "UTC"
    assert (await _strip(scene)).grades == strip.grades


async def test_several_checks_make_one_strip_of_the_worst() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.runs(outcomes("oo"))
    await scene.runs(outcomes("offf"), OTHER)

    await _keeper(scene).keep()

    strip = await _strip(scene)
    ((index, _, down_s, ran, failed),) = strip.details
    assert (index, ran, failed) == (89, 6, 3)
    assert down_s > 0


async def test_the_day_of_a_service_says_what_its_strip_says() -> None:
    scene = Scene()
    await scene.watch(a_check(), a_check(id=OTHER))
    await scene.runs(outcomes("oooo"))
    await scene.runs(outcomes("ffff"), OTHER)

    await _keeper(scene).keep()

    today = NOON.date()
    stored = await scene.ask(
        lambda uow: uow.roll_ups.service_days([SERVICE], today - 89 * DAY, today + DAY)
    )
    ((_, uptime_pct, down_s, ran, failed),) = (await _strip(scene)).details
    (day,) = stored[SERVICE].items()
    assert day[0] == today
    assert (day[1].tally.uptime_pct(), day[1].tally.down // SECOND) == (uptime_pct, down_s)
    assert (day[1].ran, day[1].failed) == (ran, failed) == (8, 4)


async def test_screens_hear_of_a_new_strip(scene: Scene) -> None:
    await scene.run(Outcome.OK)

    heard = await hints(scene.broker, _keeper(scene).keep)

    assert ("service", SERVICE) in {(hint.kind, hint.id) for hint in heard}


async def test_a_service_deleted_meanwhile_is_no_reason_to_stop(scene: Scene) -> None:
    await scene.handle(DeleteService(service_id=SERVICE, by=ACCOUNT, at=scene.now))

    await _keeper(scene)._turn_day(SERVICE, scene.now)

    assert await scene.ask(lambda uow: uow.roll_ups.strips([SERVICE])) == {}


# Retention ----------------------------------------------------------------------------------------


async def test_old_history_is_deleted_and_days_stay(scene: Scene) -> None:
    await scene.runs(outcomes("ooo"))
    keeper = _keeper(scene)
    await keeper.keep()

    scene.clock.advance(101 * DAY)
    await keeper.keep()

    assert await scene.results() == []
    assert await _sums(scene, Grain.MINUTE) == {}
    assert await _sums(scene, Grain.HOUR) == {}
    assert NOON - 12 * HOUR in await _sums(scene, Grain.DAY)


async def test_history_is_deleted_in_slices(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "LARGEST_SWEEP", 2)
    await scene.runs(outcomes("ooooo"))
    keeper = _keeper(scene)

    scene.clock.advance(8 * DAY)
    await keeper.keep()

    assert await scene.results() == []


async def test_a_stopped_keeper_deletes_no_history_any_more(scene: Scene) -> None:
    await scene.runs(outcomes("ooo"))
    keeper, stop = _keeper(scene), asyncio.Event()
    stop.set()

    scene.clock.advance(8 * DAY)
    await keeper.keep(stop)

    assert len(await scene.results()) == 3


async def test_a_clock_that_is_set_to_another_year_takes_no_history_with_it(scene: Scene) -> None:
    await scene.runs(outcomes("ooo"))
    keeper = _keeper(scene)
    await keeper.keep()
    right = scene.now

    scene.clock.jump(right + 3650 * DAY)
    await keeper.keep()
    scene.clock.advance(9 * MINUTE)
    await keeper.keep()
    scene.clock.jump(right + 10 * MINUTE)
    await keeper.keep()

    assert len(await scene.results()) == 3


async def test_nothing_is_deleted_at_once_after_a_start(scene: Scene) -> None:
    await scene.runs(outcomes("ooo"))
    scene.clock.advance(8 * DAY)
    keeper = _keeper(scene)

    await keeper.keep()
    at_once = len(await scene.results())
    scene.clock.advance(10 * MINUTE)
    await keeper.keep()

    assert at_once == 3
    assert await scene.results() == []


async def test_old_lines_of_the_history_and_ended_messages_are_deleted(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    await scene.send_all()
    keeper = _keeper(scene)

    scene.clock.advance(89 * DAY)
    await keeper.keep()
    kept = (len(await scene.owed()), len(await scene.audit()))
    scene.clock.advance(2 * DAY)
    await keeper.keep()
    without_messages = (len(await scene.owed()), len(await scene.audit()))
    scene.clock.advance(310 * DAY)
    await keeper.keep()

    assert kept[0] == 2
    assert without_messages == (0, kept[1])
    assert await scene.audit() == []


async def test_spans_are_kept_for_ever(scene: Scene) -> None:
    await scene.runs(outcomes("offfo"))
    scene.clock.advance(400 * DAY)

    await _keeper(scene).keep()

    kinds = [kind for kind, _ in await scene.spans()]
    assert kinds == [TimeKind.UP, TimeKind.DOWN, TimeKind.UP]
    assert all(one.ended_at == other.began_at for one, other in pairwise(await scene.raw_spans()))
