"""Maintenance windows, held against calendars read minute by minute."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.identity import ServiceId, WindowId, WorkspaceId
from allgreen.domain.maintenance import (
    LONGEST,
    Interval,
    Recurrence,
    Repeat,
    Weekday,
    Window,
    accounted,
    accounted_until_removal,
    current,
    merged,
    occurrences,
    overlay,
    spent,
    upcoming,
)
from allgreen.domain.status import Outcome, TimeKind
from allgreen.domain.uptime import Span, Tally, tally
from allgreen.testing import MINUTE, NOON, SERVICE, WORKSPACE
from tests.unit.domain.walk import a_walk

thoroughly = settings(max_examples=200, deadline=None)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
EVER = datetime(1990, 1, 1, tzinfo=UTC)
DAILY = Recurrence(repeat=Repeat.DAILY)
# Dates on which clocks change, or a date is left out.
ODD_DATES = [
    ("Europe/Rome", date(2026, 3, 29)),
    ("Europe/Rome", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("Asia/Beirut", date(2026, 10, 25)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Santiago", date(2026, 4, 5)),
    ("Asia/Gaza", date(2026, 3, 28)),
    ("Asia/Gaza", date(2026, 10, 24)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Europe/Dublin", date(2026, 3, 29)),
    ("Europe/Dublin", date(2026, 10, 25)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Toronto", date(1919, 3, 30)),
    ("UTC", date(2026, 2, 28)),
]


def a_window(
    *,
    first: date = date(2026, 3, 2),
    at: time = time(14),
    duration: timedelta = HOUR,
    zone: str = "UTC",
    recurrence: Recurrence | None = None,
    service_ids: tuple[ServiceId, ...] = (),
    holds_from: datetime = NOON,
) -> Window:
    """Return a window of an hour at 14:00 UTC on the day of noon, made at noon."""
    return Window(
        id=WindowId("0198c000-0000-7000-8000-0000000000b1"),
        workspace_id=WORKSPACE,
        name="Move of the database",
        service_ids=service_ids,
        zone=zone,
        first=first,
        at=at,
        duration=duration,
        recurrence=recurrence or Recurrence(),
        holds_from=holds_from,
    )


def _hours(*bounds: tuple[float, float]) -> list[Interval]:
    return [(NOON + begin * HOUR, NOON + end * HOUR) for begin, end in bounds]


# When they are ------------------------------------------------------------------------------------


def test_window_that_does_not_repeat_is_there_once() -> None:
    assert occurrences(a_window(), NOON - LONGEST, NOON + 400 * DAY) == _hours((2, 3))


def test_daily_window_is_there_each_day_until_its_last() -> None:
    window = a_window(recurrence=replace(DAILY, until=date(2026, 3, 4)))

    found = occurrences(window, NOON, NOON + 40 * DAY)

    assert found == _hours((2, 3), (26, 27), (50, 51))


def test_weekly_window_is_there_on_its_weekdays() -> None:
    days = frozenset({Weekday.MONDAY, Weekday.THURSDAY})
    window = a_window(recurrence=Recurrence(repeat=Repeat.WEEKLY, weekdays=days))

    found = occurrences(window, NOON, NOON + 9 * DAY)

    assert [f"{begin:%a %d}" for begin, _ in found] == ["Mon 02", "Thu 05", "Mon 09"]


def test_monthly_window_leaves_out_months_that_are_too_short() -> None:
    window = a_window(recurrence=Recurrence(repeat=Repeat.MONTHLY, day=31))

    found = occurrences(window, NOON, NOON + 200 * DAY)

    assert [f"{begin:%d %b}" for begin, _ in found] == ["31 Mar", "31 May", "31 Jul", "31 Aug"]


@pytest.mark.parametrize(("hour", "runs"), [(1.99, 0), (2, 1), (2.99, 1), (3, 0)])
def test_window_runs_from_its_begin_to_before_its_end(hour: float, runs: int) -> None:
    assert len(current([a_window()], NOON + hour * HOUR)) == runs


@pytest.mark.parametrize(
    ("zone", "local_date", "at", "begin"),
    [
        ("Europe/Rome", date(2026, 3, 29), time(2, 30), "2026-03-29T01:00"),
        ("Europe/Rome", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),
        ("America/Havana", date(2026, 3, 8), time(0), "2026-03-08T05:00"),
        ("Nowhere/Atlantis", date(2026, 3, 29), time(2, 30), "2026-03-29T02:30"),
        ("America/Toronto", date(1919, 3, 30), time(23, 45), "1919-03-31T04:30"),
    ],
    ids=["gap", "overlap", "no midnight", "zone that is gone", "gap over midnight"],
)
def test_window_begins_by_the_wall_clock(zone: str, local_date: date, at: time, begin: str) -> None:
    early = datetime(1900, 1, 1, tzinfo=UTC)
    window = a_window(first=local_date, at=at, zone=zone, holds_from=early)

    began_at = datetime.fromisoformat(f"{begin}+00:00")

    assert occurrences(window, early, NOON + 900 * DAY) == [(began_at, began_at + HOUR)]


def test_date_that_a_zone_left_out_has_no_window() -> None:
    window = a_window(
        first=date(2011, 12, 28),
        zone="Pacific/Apia",
        recurrence=replace(DAILY, until=date(2012, 1, 1)),
        holds_from=EVER,
    )

    found = occurrences(window, EVER, NOON)

    dates = [begin.astimezone(ZoneInfo("Pacific/Apia")).date().day for begin, _ in found]
    assert dates == [28, 29, 31, 1]


@st.composite
def windows_near_odd_dates(draw: st.DrawFn) -> Window:
    """Windows that may begin in a gap, in an overlap, or on a date that was left out."""
    zone, odd = draw(st.sampled_from(ODD_DATES))
    recurrence = draw(
        st.one_of(
            st.just(Recurrence()),
            st.builds(
                Recurrence,
                repeat=st.just(Repeat.DAILY),
                until=st.none() | st.integers(-1, 2).map(lambda n: odd + n * DAY),
            ),
            st.builds(
                Recurrence,
                repeat=st.just(Repeat.WEEKLY),
                weekdays=st.frozensets(st.sampled_from(Weekday), min_size=1),
            ),
            st.builds(
                Recurrence,
                repeat=st.just(Repeat.MONTHLY),
                day=st.integers(-1, 1).map(lambda n: (odd + n * DAY).day),
            ),
        )
    )
    return a_window(
        first=odd + draw(st.integers(-2, 1)) * DAY,
        at=time(draw(st.integers(0, 23)), draw(st.sampled_from([0, 15, 30, 45]))),
        duration=draw(st.integers(1, 3000)) * MINUTE,
        zone=zone,
        recurrence=recurrence,
        holds_from=datetime(1900, 1, 1, tzinfo=UTC),
    )


@settings(max_examples=40, deadline=None)
@given(windows_near_odd_dates(), st.integers(0, 4000), st.integers(0, 4000))
def test_occurrences_agree_with_a_calendar_read_minute_by_minute(
    window: Window, from_minute: int, until_minute: int
) -> None:
    origin = datetime.combine(window.first, time(), tzinfo=UTC) - 3 * DAY
    begins = _begins_by_the_minute(window, origin, 8 * 24 * 60)
    holds_from, cancelled_at = origin + from_minute * MINUTE, origin + until_minute * MINUTE
    bounded = replace(window, holds_from=holds_from, cancelled_at=cancelled_at)

    for minute in range(3 * 24 * 60, 8 * 24 * 60, 7):
        instant = origin + minute * MINUTE
        runs = any(begin <= instant < begin + window.duration for begin in begins)
        holds = holds_from <= instant < cancelled_at
        assert bool(occurrences(window, instant, instant)) == runs
        assert bool(current([bounded], instant)) == (runs and holds)


def _begins_by_the_minute(window: Window, origin: datetime, minutes: int) -> list[datetime]:
    """Look at the wall clock each minute, and note when it first has come to a begin."""
    zone = ZoneInfo(window.zone)
    walls = [(origin + n * MINUTE).astimezone(zone).replace(tzinfo=None) for n in range(minutes)]
    dates = sorted({wall.date() for wall in walls})[1:]
    rule, found = window.recurrence, []
    for local_date in dates:
        is_first = local_date == window.first
        is_there = is_first or (rule.repeat is not Repeat.NONE and local_date > window.first)
        if not is_there or (rule.until is not None and local_date > rule.until):
            continue
        if rule.repeat is Repeat.WEEKLY and f"{local_date:%A}".lower() not in rule.weekdays:
            continue
        if rule.repeat is Repeat.MONTHLY and local_date.day != rule.day:
            continue
        wanted = datetime.combine(local_date, window.at)
        after = (n for n, wall in enumerate(walls) if wall >= wanted)
        found += [origin + n * MINUTE for n in itertools.islice(after, 1)]
    return found


@thoroughly
@given(windows_near_odd_dates(), st.integers(-9000, 9000), st.integers(0, 9000))
def test_a_range_finds_what_its_parts_find(window: Window, begin: int, length: int) -> None:
    origin = datetime.combine(window.first, time(), tzinfo=UTC) + begin * MINUTE
    cut, end = origin + length // 2 * MINUTE, origin + length * MINUTE

    whole = occurrences(window, origin, end)

    assert set(whole) == {*occurrences(window, origin, cut), *occurrences(window, cut, end)}
    assert all(first <= end and origin < last for first, last in whole)


@thoroughly
@given(windows_near_odd_dates(), st.integers(-5000, 5000))
def test_nothing_runs_once_it_is_over(window: Window, later: int) -> None:
    over_by = window.over_by
    if over_by is not None:
        assert occurrences(window, over_by, over_by + abs(later) * MINUTE) == []


def test_window_that_goes_on_for_ever_is_never_over() -> None:
    assert a_window(recurrence=DAILY).over_by is None
    at = NOON + 2.5 * HOUR
    assert a_window(recurrence=DAILY).cancelled(at).over_by == at
    assert a_window().cancelled(at).over_by == at


def test_window_that_is_cancelled_before_it_runs_was_never_there() -> None:
    window = a_window(recurrence=DAILY).cancelled(NOON + HOUR)

    assert window.over_by == window.cancelled_at == window.holds_from
    assert occurrences(window, NOON, NOON + 9 * DAY) == []


@pytest.mark.parametrize(
    ("recurrence", "days"),
    [
        (Recurrence(), None),
        (DAILY, 1),
        (Recurrence(repeat=Repeat.MONTHLY, day=31), 28),
        (Recurrence(repeat=Repeat.WEEKLY, weekdays=frozenset({Weekday.FRIDAY})), 7),
        (
            Recurrence(
                repeat=Repeat.WEEKLY,
                weekdays=frozenset({Weekday.MONDAY, Weekday.THURSDAY, Weekday.SUNDAY}),
            ),
            1,
        ),
    ],
    ids=["once", "daily", "monthly", "weekly", "three times a week"],
)
def test_begins_of_a_window_are_so_far_apart_at_least(
    recurrence: Recurrence, days: int | None
) -> None:
    assert recurrence.shortest_gap == (None if days is None else days * DAY)


@pytest.mark.parametrize(
    "recurrence",
    [DAILY, Recurrence(repeat=Repeat.MONTHLY, day=31), Recurrence(repeat=Repeat.NONE)],
    ids=lambda recurrence: str(recurrence.repeat),
)
def test_next_occurrences_are_told(recurrence: Recurrence) -> None:
    window = a_window(recurrence=recurrence)

    told = upcoming(window, NOON + 2.5 * HOUR, 3)

    expected = occurrences(window, NOON + 2.5 * HOUR, NOON + 200 * DAY)[:3]
    assert told == expected
    assert len(told) == (1 if recurrence.repeat is Repeat.NONE else 3)


def test_next_occurrence_may_be_years_away() -> None:
    window = a_window(first=date(2031, 1, 31), recurrence=Recurrence(repeat=Repeat.MONTHLY, day=31))

    (told,) = upcoming(window, NOON, 1)

    assert told[0] == datetime(2031, 1, 31, 14, tzinfo=UTC)


WRONG = {
    "no weekday": lambda: Recurrence(repeat=Repeat.WEEKLY),
    "no day of the month": lambda: Recurrence(repeat=Repeat.MONTHLY),
    "a day that no month has": lambda: Recurrence(repeat=Repeat.MONTHLY, day=32),
    "no time at all": lambda: a_window(duration=timedelta(0)),
    "more than a week": lambda: a_window(duration=LONGEST + SECOND),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_window_that_means_nothing_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"\.$"):
        make()


def _spent(
    windows: Iterable[Window], service_id: ServiceId, begin: datetime, end: datetime
) -> list[Interval]:
    return spent(windows, {service_id: WORKSPACE}, begin, end).get(service_id, [])


# Edits --------------------------------------------------------------------------------------------


def test_window_counts_from_when_it_was_made() -> None:
    window = a_window(holds_from=NOON + 2.5 * HOUR)

    assert occurrences(window, NOON, NOON + DAY) == _hours((2.5, 3))


def test_cancelled_window_ends_at_once_and_its_past_stays() -> None:
    window = a_window(recurrence=DAILY).cancelled(NOON + 26.5 * HOUR)

    assert occurrences(window, NOON, NOON + 9 * DAY) == _hours((2, 3), (26, 26.5))


def test_edit_changes_nothing_that_has_passed() -> None:
    window = a_window(recurrence=DAILY)
    at = NOON + 26.5 * HOUR

    both = window.edited(replace(window, at=time(18)), at)

    assert [each.version for each in both] == [1, 2]
    assert _spent(both, SERVICE, NOON, NOON + 2 * DAY) == _hours((2, 3), (26, 26.5), (30, 31))


def test_new_name_does_not_cut_a_window_that_runs() -> None:
    window = a_window()

    both = window.edited(replace(window, name="Other"), NOON + 2.5 * HOUR)

    assert _spent(both, SERVICE, NOON, NOON + DAY) == _hours((2, 3))


def test_window_that_runs_can_be_ended_and_comes_back() -> None:
    window = a_window(recurrence=DAILY)

    both = window.ended(NOON + 2.5 * HOUR)

    assert _spent(both, SERVICE, NOON, NOON + 28 * HOUR) == _hours((2, 2.5), (26, 27))


def test_window_that_was_ended_stays_ended_under_another_name() -> None:
    old, ended = a_window(recurrence=DAILY).ended(NOON + 2.5 * HOUR)

    _, renamed = ended.edited(replace(ended, name="Other"), NOON + 2.7 * HOUR)

    assert _spent((old, renamed), SERVICE, NOON, NOON + 28 * HOUR) == _hours((2, 2.5), (26, 27))


def test_window_that_was_ended_can_be_put_off() -> None:
    old, ended = a_window().ended(NOON + 2.2 * HOUR)

    _, later = ended.edited(replace(ended, at=time(14, 30)), NOON + 2.3 * HOUR)

    assert _spent((old, later), SERVICE, NOON, NOON + DAY) == _hours((2, 2.2), (2.5, 3.5))


def test_window_that_does_not_run_cannot_be_ended() -> None:
    with pytest.raises(ValueError, match="not running"):
        a_window().ended(NOON)


# Stretches ----------------------------------------------------------------------------------------


def test_window_covers_its_services_or_all() -> None:
    other = ServiceId("other")
    window = a_window(service_ids=(SERVICE,))

    assert _spent([window], SERVICE, NOON, NOON + DAY) == _hours((2, 3))
    assert _spent([window], other, NOON, NOON + DAY) == []
    assert spent([a_window()], {other: WorkspaceId("another")}, NOON, NOON + DAY) == {}
    assert _spent([a_window()], other, NOON, NOON + DAY) == _hours((2, 3))


def test_stretch_is_whole_also_where_it_goes_on_outside_of_the_range() -> None:
    windows = [a_window(), a_window(at=time(15)), a_window(at=time(13), duration=HOUR)]

    assert _spent(windows, SERVICE, NOON + 2.5 * HOUR, NOON + 2.5 * HOUR) == _hours((1, 4))


SEVERAL = {ServiceId(f"service {number}"): WORKSPACE for number in range(3)} | {
    ServiceId("elsewhere"): WorkspaceId("another")
}
windows_of_some = st.builds(
    a_window,
    first=st.sampled_from([date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4)]),
    at=st.sampled_from([time(hour, minute) for hour in range(0, 24, 3) for minute in (0, 30)]),
    duration=st.sampled_from([HOUR / 2, 3 * HOUR, 20 * HOUR, 4 * DAY]),
    recurrence=st.sampled_from([Recurrence(), DAILY]),
    service_ids=st.lists(st.sampled_from(sorted(SEVERAL)), max_size=3).map(tuple),
    holds_from=st.just(EVER),
)


@thoroughly
@given(
    windows=st.lists(windows_of_some, max_size=7),
    begin=st.integers(-48, 48).map(lambda halves: NOON + halves * HOUR / 2),
    length=st.sampled_from([timedelta(0), HOUR, 2 * DAY]),
)
def test_each_service_is_in_maintenance_as_if_it_were_asked_about_alone(
    windows: list[Window], begin: datetime, length: timedelta
) -> None:
    end = begin + length

    found = spent(windows, SEVERAL, begin, end)

    for service_id, workspace_id in SEVERAL.items():
        whole = merged(
            interval
            for window in windows
            if window.covers(service_id, workspace_id)
            for interval in occurrences(window, begin - LONGEST, end + LONGEST)
        )
        near = [each for each in whole if each[0] <= end and begin < each[1]]
        assert found.get(service_id, []) == near


def _calls(act: Callable[[], object]) -> int:
    """Return how many calls of functions in Python something takes, which no busy machine changes."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def test_a_thousand_services_cost_little_more_than_one() -> None:
    windows = [
        a_window(at=time(number % 24, number // 24), recurrence=DAILY) for number in range(50)
    ]
    many = {ServiceId(str(number)): WORKSPACE for number in range(1000)}
    spent(windows, {}, NOON, NOON + DAY)  # calendars are kept from now on

    for_one = _calls(lambda: spent(windows, {SERVICE: WORKSPACE}, NOON, NOON + DAY))
    for_all = _calls(lambda: spent(windows, many, NOON, NOON + DAY))

    assert for_all - for_one < 1000


intervals_of_seconds = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 200)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=8,
)


def _at(second: int) -> datetime:
    return NOON + second * SECOND


def _from_seconds(pairs: Iterable[tuple[int, int]]) -> list[Interval]:
    return [(_at(begin), _at(end)) for begin, end in pairs]


@thoroughly
@given(intervals_of_seconds)
def test_merging_changes_no_second(pairs: list[tuple[int, int]]) -> None:
    found = merged(_from_seconds(pairs))

    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    for second in range(810):
        inside = any(begin <= second < end for begin, end in pairs)
        assert any(begin <= _at(second) < end for begin, end in found) == inside


# How their time counts ----------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> list[Span]:
    """Spans in order over ten minutes, perhaps with gaps, perhaps open."""
    seconds: list[int] = draw(st.lists(st.integers(0, 600), max_size=10))
    bounds = sorted(set(seconds))
    kinds, are_there = st.sampled_from(TimeKind), st.booleans()
    spans = [
        Span(kind=draw(kinds), began_at=_at(begin), ended_at=_at(end))
        for begin, end in itertools.pairwise(bounds)
        if draw(are_there)
    ]
    is_open: bool = draw(are_there)
    if bounds and is_open:
        spans.append(Span(kind=draw(kinds), began_at=_at(bounds[-1])))
    return spans


@thoroughly
@given(histories(), intervals_of_seconds)
def test_windows_are_laid_over_second_by_second(
    spans: list[Span], pairs: list[tuple[int, int]]
) -> None:
    laid = overlay(spans, merged(_from_seconds(pairs)))

    for second in range(900):
        expected = _kind_at(spans, second)
        if expected not in (None, TimeKind.PAUSED) and any(b <= second < e for b, e in pairs):
            expected = TimeKind.MAINTENANCE
        assert _kind_at(laid, second) is expected
    assert all(one.ended_at is not None for one in laid[:-1])
    assert all((one.ended_at or EVER) <= other.began_at for one, other in itertools.pairwise(laid))


def _kind_at(spans: Sequence[Span], second: int) -> TimeKind | None:
    """Return what a second counts as; fails where two spans claim it."""
    instant = _at(second)
    kinds = [
        span.kind
        for span in spans
        if span.began_at <= instant and (span.ended_at is None or instant < span.ended_at)
    ]
    assert len(kinds) <= 1
    return kinds[0] if kinds else None


@thoroughly
@given(histories(), intervals_of_seconds, st.integers(0, 600), st.integers(0, 600))
def test_six_kinds_still_add_up_to_the_window(
    spans: list[Span], pairs: list[tuple[int, int]], begin: int, length: int
) -> None:
    laid = overlay(spans, merged(_from_seconds(pairs)))

    before = tally(spans, _at(begin), _at(begin + length))
    after = tally(laid, _at(begin), _at(begin + length))

    assert after.whole == before.whole == length * SECOND
    assert after.paused == before.paused
    assert all(
        after.of_kind(kind) <= before.of_kind(kind)
        for kind in TimeKind
        if kind is not TimeKind.MAINTENANCE
    )


def test_failure_in_a_window_counts_neither_way() -> None:
    walk = a_walk().take([Outcome.OK, Outcome.FAIL, Outcome.FAIL, Outcome.FAIL])
    check, spans = walk.service.checks[0], walk.spans
    now = NOON + 2 * MINUTE

    counted = accounted(spans, check, [(NOON + MINUTE, now)], now)

    assert tally(counted, NOON, now) == Tally(up=MINUTE, maintenance=MINUTE)


def test_silence_in_a_window_is_maintenance_and_after_it_unknown() -> None:
    walk = a_walk().take([Outcome.OK] * 3)
    check = walk.service.checks[0]
    window = (NOON + 10 * MINUTE, NOON + 20 * MINUTE)

    counted = accounted(walk.spans, check, [window], NOON + HOUR)

    assert tally(counted, NOON, NOON + HOUR) == Tally(
        up=3 * MINUTE, unknown=47 * MINUTE, maintenance=10 * MINUTE
    )


def test_time_before_a_check_and_after_its_end_is_no_maintenance() -> None:
    check = a_walk().service.checks[0]
    window = (NOON - HOUR, NOON + HOUR)

    assert accounted([], check, [window], NOON) == []
    ended = [Span(kind=TimeKind.UP, began_at=NOON, ended_at=NOON + MINUTE)]
    assert tally(accounted(ended, check, [window], NOON + HOUR), NOON - HOUR, NOON + HOUR) == Tally(
        maintenance=MINUTE, unknown=119 * MINUTE
    )


def test_removed_check_counts_until_its_removal() -> None:
    spans = [
        Span(kind=TimeKind.DOWN, began_at=NOON, ended_at=NOON + HOUR),
        Span(kind=TimeKind.PAUSED, began_at=NOON + HOUR),
    ]

    counted = accounted_until_removal(spans, [(NOON, NOON + MINUTE)])

    assert tally(counted, NOON, NOON + 3 * HOUR) == Tally(
        maintenance=MINUTE, down=59 * MINUTE, unknown=2 * HOUR
    )
