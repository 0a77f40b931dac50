"""Uptime: what time counts as, percentages that never flatter, days that are not 24 hours."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.sketch import LatencySketch
from allgreen.domain.status import DayGrade, Outcome, TimeKind
from allgreen.domain.uptime import (
    RollUp,
    Span,
    Tally,
    tally,
    until_covered,
    worst_spans,
)
from allgreen.testing import MINUTE, NOON, a_check, a_result
from tests.unit.domain.walk import a_walk

thoroughly = settings(max_examples=200, deadline=None)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40))
tallies = st.builds(
    Tally,
    up=durations,
    degraded=durations,
    down=durations,
    unknown=durations,
    paused=durations,
    maintenance=durations,
)


@st.composite
def span_lists(draw: st.DrawFn) -> list[Span]:
    """Spans in order and without overlap around noon, perhaps with gaps, perhaps open."""
    kinds, are_there = st.sampled_from(TimeKind), st.booleans()
    seconds: list[int] = draw(st.lists(st.integers(-7200, 7200), max_size=12))
    bounds = [NOON + timedelta(seconds=each) for each in sorted(seconds)]
    spans = [
        Span(kind=draw(kinds), began_at=begin, ended_at=end)
        for begin, end in itertools.pairwise(bounds)
        if draw(are_there)
    ]
    is_open: bool = draw(are_there)
    if bounds and is_open:
        spans.append(Span(kind=draw(kinds), began_at=bounds[-1]))
    return spans


# Percentages and grades -----------------------------------------------------------------------


def _of(good: int, down: int) -> Tally:
    return Tally(up=timedelta(seconds=good), down=timedelta(seconds=down))


GRADES = {
    "all good": (_of(100, 0), DayGrade.FULL, 100.0),
    "one second of three years": (_of(94_608_000, 1), DayGrade.MINOR, 99.99),
    "99.9999 %": (_of(999_999, 1), DayGrade.MINOR, 99.99),
    "exactly 95 %": (_of(95, 5), DayGrade.MINOR, 95.0),
    "just under 95 %": (_of(949_999, 50_001), DayGrade.PARTIAL, 94.99),
    "exactly 50 %": (_of(50, 50), DayGrade.PARTIAL, 50.0),
    "just under 50 %": (_of(499_999, 500_001), DayGrade.MAJOR, 49.99),
    "all down": (_of(0, 100), DayGrade.MAJOR, 0.0),
    "nothing known": (Tally(unknown=HOUR), DayGrade.NONE, None),
    "paused all day": (Tally(paused=HOUR), DayGrade.NONE, None),
    "maintenance all day": (Tally(maintenance=HOUR, unknown=HOUR), DayGrade.MAINTENANCE, None),
    "maintenance for a part": (Tally(maintenance=HOUR, up=MINUTE), DayGrade.FULL, 100.0),
    "degraded holds": (Tally(degraded=HOUR), DayGrade.FULL, 100.0),
    "an empty day": (Tally(), DayGrade.NONE, None),
}


@pytest.mark.parametrize(("measured", "grade", "uptime_pct"), GRADES.values(), ids=GRADES)
def test_grade(measured: Tally, grade: DayGrade, uptime_pct: float | None) -> None:
    assert measured.grade is grade
    assert measured.uptime_pct() == uptime_pct


@pytest.mark.parametrize(
    ("decimals", "uptime_pct"), [(0, 99.0), (1, 99.9), (3, 99.999), (4, 99.9999), (5, 99.9999)]
)
def test_percentages_are_floored(decimals: int, uptime_pct: float) -> None:
    assert _of(999_999, 1).uptime_pct(decimals) == uptime_pct


@thoroughly
@given(tallies)
def test_one_hundred_percent_means_not_a_moment_down(measured: Tally) -> None:
    uptime_pct = measured.uptime_pct()

    assert (uptime_pct is None) == (not measured.known)
    if uptime_pct is not None:
        assert 0 <= uptime_pct <= 100
        assert (uptime_pct == 100) == (not measured.down)


@thoroughly
@given(st.lists(tallies, max_size=5))
def test_a_group_pools_its_time(members: list[Tally]) -> None:
    pooled = Tally.pooled(members)

    for kind in TimeKind:
        assert pooled.of_kind(kind) == sum((one.of_kind(kind) for one in members), timedelta(0))
    assert pooled.whole == sum((one.whole for one in members), timedelta(0))


# Spans ----------------------------------------------------------------------------------------


@thoroughly
@given(span_lists(), st.integers(-7200, 7200), st.integers(0, 7200))
def test_time_in_a_window_adds_up_to_the_window(
    spans: list[Span], begin_s: int, length_s: int
) -> None:
    begin = NOON + timedelta(seconds=begin_s)
    end = begin + timedelta(seconds=length_s)

    assert tally(spans, begin, end).whole == end - begin


@thoroughly
@given(span_lists(), st.integers(0, 3600), st.integers(0, 3600))
def test_two_halves_of_a_window_are_the_window(
    spans: list[Span], first_s: int, second_s: int
) -> None:
    cut = NOON + timedelta(seconds=first_s)
    end = cut + timedelta(seconds=second_s)

    halves = [tally(spans, NOON, cut), tally(spans, cut, end)]

    assert Tally.pooled(halves) == tally(spans, NOON, end)


@thoroughly
@given(st.lists(span_lists(), max_size=4))
def test_at_each_moment_the_worst_check_counts(by_check: list[list[Span]]) -> None:
    begin, end = NOON - HOUR, NOON + HOUR

    merged = worst_spans(by_check, begin, end)

    assert sum(((one.ended_at or end) - one.began_at for one in merged), timedelta(0)) == 2 * HOUR
    assert all(one.kind is not other.kind for one, other in itertools.pairwise(merged))
    for minute in range(-60, 60, 7):
        instant = NOON + minute * MINUTE
        assert _kind_at(merged, instant) is _worst(_kind_at(spans, instant) for spans in by_check)


def _kind_at(spans: list[Span], instant: datetime) -> TimeKind:
    for span in spans:
        if span.began_at <= instant and (span.ended_at is None or instant < span.ended_at):
            return span.kind
    return TimeKind.UNKNOWN


def _worst(kinds: object) -> TimeKind:
    order = ("unknown", "paused", "maintenance", "up", "degraded", "down")
    assert hasattr(kinds, "__iter__")
    return max(kinds, key=order.index, default=TimeKind.UNKNOWN)


def test_an_empty_window_has_no_spans() -> None:
    assert worst_spans([[Span(kind=TimeKind.UP, began_at=NOON)]], NOON, NOON) == []


# Silence --------------------------------------------------------------------------------------


def test_silence_is_not_health() -> None:
    walk = a_walk().take([Outcome.OK] * 3)

    covered = until_covered(walk.spans, walk.service.checks[0], NOON + HOUR)

    measured = tally(covered, NOON, NOON + HOUR)
    assert (measured.up, measured.unknown) == (3 * MINUTE, 57 * MINUTE)


def test_a_run_that_is_a_little_late_is_no_silence() -> None:
    walk = a_walk().take([Outcome.OK] * 3)
    now = NOON + 5 * MINUTE + timedelta(seconds=10)

    assert until_covered(walk.spans, walk.service.checks[0], now) == walk.spans


def test_silence_agrees_with_what_the_machine_says_later() -> None:
    walk = a_walk().take([Outcome.OK] * 3)
    now = NOON + 10 * MINUTE
    covered = tally(until_covered(walk.spans, walk.service.checks[0], now), NOON, now)

    for missed in walk.service.missed_before(a_result(slot=now)):
        walk.see(missed)

    assert tally(walk.spans, NOON, now) == covered


UNCOVERED = {
    "no span at all": [],
    "closed already": [Span(kind=TimeKind.UP, began_at=NOON, ended_at=NOON + MINUTE)],
    "paused": [Span(kind=TimeKind.PAUSED, began_at=NOON)],
    "in maintenance": [Span(kind=TimeKind.MAINTENANCE, began_at=NOON)],
}


@pytest.mark.parametrize("spans", UNCOVERED.values(), ids=UNCOVERED)
def test_needs_no_cover(spans: list[Span]) -> None:
    check = a_walk().take([Outcome.OK]).service.checks[0]

    assert until_covered(spans, check, NOON + HOUR) == spans


def test_a_check_that_never_ran_has_nothing_to_cover() -> None:
    spans = [Span(kind=TimeKind.UNKNOWN, began_at=NOON)]

    assert until_covered(spans, a_check(), NOON + HOUR) == spans


# Sums -----------------------------------------------------------------------------------------


def test_a_bucket_counts_results_and_measures_answers() -> None:
    results = [
        a_result(latency_ms=10),
        a_result(Outcome.SLOW, latency_ms=900),
        a_result(Outcome.FAIL, latency_ms=5),
        a_result(Outcome.MISSED, latency_ms=None),
        a_result(latency_ms=None),
    ]

    row = RollUp.of([Span(kind=TimeKind.UP, began_at=NOON)], results, NOON, NOON + MINUTE)

    assert (row.ran, row.failed, row.failed_to_run) == (4, 1, 1)
    assert row.latencies == LatencySketch.of([10, 900])
    assert row.tally == Tally(up=MINUTE)


def test_buckets_add_up() -> None:
    one = RollUp.of((), [a_result(), a_result(Outcome.FAIL)], NOON, NOON + MINUTE)
    other = RollUp.of((), [a_result()], NOON, NOON + MINUTE)

    assert RollUp.pooled([one, other]) == RollUp.of(
        (),
        [a_result(), a_result(Outcome.FAIL), a_result()],
        NOON,
        NOON + 2 * MINUTE,
    )
    assert RollUp.pooled([]) == RollUp()
