"""Uptime against brute force: histories counted second by second, and figures at the boundaries."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allgreen.domain.calendar import Calendar
from allgreen.domain.identity import CheckId
from allgreen.domain.maintenance import Interval, account, merged
from allgreen.domain.status import DayGrade, TimeKind
from allgreen.domain.uptime import Span, Tally, tally, worst_spans
from allgreen.testing import NOON

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
LENGTH_S = 400
# What a check can be stored as; maintenance is never stored.
STORED = [kind for kind in TimeKind if kind is not TimeKind.MAINTENANCE]
WORSE = ["unknown", "paused", "maintenance", "up", "degraded", "down"]


@dataclass(frozen=True)
class History:
    """What each second of each check counts as, with windows, and the same as spans.

    Attributes:
        seconds: For each check what is stored for each second; `None` before it was there.
    """

    seconds: Sequence[Sequence[TimeKind | None]]
    windows: Sequence[tuple[int, int]]

    def kind_at(self, second: int) -> TimeKind:
        """Return what a second counts as, by looking at nothing else."""
        kinds = [self._of_check(stored[second], second) for stored in self.seconds]
        return max(kinds, key=lambda kind: WORSE.index(kind.value), default=TimeKind.UNKNOWN)

    def _of_check(self, stored: TimeKind | None, second: int) -> TimeKind:
        if stored is None:
            return TimeKind.UNKNOWN
        inside = any(begin <= second < end for begin, end in self.windows)
        return TimeKind.MAINTENANCE if inside and stored is not TimeKind.PAUSED else stored

    def spans(self) -> list[Span]:
        """Return the same by way of the product."""
        removed = {CheckId(str(n)): _spans(stored) for n, stored in enumerate(self.seconds)}
        counted = account((), {}, removed, self.intervals, _at(LENGTH_S))
        return worst_spans(counted.values(), _at(0), _at(LENGTH_S))

    @property
    def intervals(self) -> list[Interval]:
        """Return the windows."""
        return merged((_at(begin), _at(end)) for begin, end in self.windows)


def _at(second: float) -> datetime:
    return NOON + second * SECOND


def _spans(stored: Sequence[TimeKind | None]) -> list[Span]:
    """Return seconds as the spans that would be stored of them."""
    spans, second = [], 0
    for kind, run in itertools.groupby(stored):
        length = len(list(run))
        if kind is not None:
            spans.append(Span(kind=kind, began_at=_at(second), ended_at=_at(second + length)))
        second += length
    return spans


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to three checks, one of which may come later, with pauses and windows."""
    seconds: list[list[TimeKind | None]] = []
    for _ in range(draw(st.integers(1, 3))):
        later = draw(st.integers(0, LENGTH_S // 2))
        stored: list[TimeKind | None] = [None] * later
        while len(stored) < LENGTH_S:
            stored += [draw(st.sampled_from(STORED))] * draw(st.integers(1, 120))
        seconds.append(stored[:LENGTH_S])
    windows = st.tuples(st.integers(-50, LENGTH_S), st.integers(1, 150))
    drawn: list[tuple[int, int]] = draw(st.lists(windows, max_size=4))
    return History(seconds, [(begin, begin + length) for begin, length in drawn])


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(0, LENGTH_S), st.integers(0, LENGTH_S))
def test_counted_second_by_second_it_is_the_same(history: History, one: int, other: int) -> None:
    begin, end = sorted((one, other))
    counted = Counter(history.kind_at(second) for second in range(begin, end))

    measured = tally(history.spans(), _at(begin), _at(end))

    assert {kind: measured.of_kind(kind) // SECOND for kind in TimeKind} == {
        kind: counted[kind] for kind in TimeKind
    }
    assert measured.whole == (end - begin) * SECOND
    _check_figures(measured, counted)


def _check_figures(measured: Tally, counted: Counter[TimeKind]) -> None:
    """Hold percentage and grade against fractions of whole seconds."""
    good = counted[TimeKind.UP] + counted[TimeKind.DEGRADED]
    known = good + counted[TimeKind.DOWN]
    if not known:
        is_planned = counted[TimeKind.MAINTENANCE] > 0
        assert measured.uptime_pct() is None
        assert measured.grade is (DayGrade.MAINTENANCE if is_planned else DayGrade.NONE)
        return
    exact = Fraction(100 * good, known)
    for decimals in range(7):
        shown = measured.uptime_pct(decimals)
        assert shown is not None
        digits = Fraction(round(shown * 10**decimals), 10**decimals)
        assert digits <= exact < digits + Fraction(1, 10**decimals)
        assert (shown == 100) == (exact == 100)
    assert measured.grade is _grade(exact)


def _grade(exact: Fraction) -> DayGrade:
    if exact == 100:
        return DayGrade.FULL
    if exact >= 95:
        return DayGrade.MINOR
    return DayGrade.PARTIAL if exact >= 50 else DayGrade.MAJOR


lengths = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000))


@settings(max_examples=300, deadline=None)
@given(lengths, lengths)
@example(timedelta(days=90) - MICROSECOND, MICROSECOND)
@example(timedelta(days=4000), MICROSECOND)
def test_a_hundred_is_shown_of_a_hundred_at_any_number_of_decimals(
    good: timedelta, down: timedelta
) -> None:
    measured = Tally(up=good, down=down)

    for decimals in range(7):
        shown = measured.uptime_pct(decimals)
        if shown is not None:
            assert (f"{shown:.{decimals}f}".startswith("100")) == (not down)


@pytest.mark.parametrize("decimals", range(7))
def test_99_9999_stays_below_a_hundred(decimals: int) -> None:
    shown = Tally(up=timedelta(seconds=999_999), down=SECOND).uptime_pct(decimals)

    digits = "99.999900"[: 3 + decimals].rstrip(".")
    assert f"{shown:.{decimals}f}" == digits


@pytest.mark.parametrize("services", [1_200, 100_000])
def test_many_services_are_pooled_over_ninety_days(services: int) -> None:
    one = Tally(up=timedelta(days=90) - SECOND, down=SECOND)
    pooled = Tally(up=one.up * services, down=one.down * services)

    assert (pooled.uptime_pct(), pooled.grade) == (99.99, DayGrade.MINOR)


BOUNDARIES = {
    "exactly 95": (19 * HOUR, HOUR, DayGrade.MINOR, 95.0),
    "a microsecond under 95": (19 * HOUR - MICROSECOND, HOUR, DayGrade.PARTIAL, 94.99),
    "a microsecond over 95": (19 * HOUR + MICROSECOND, HOUR, DayGrade.MINOR, 95.0),
    "exactly 50": (HOUR, HOUR, DayGrade.PARTIAL, 50.0),
    "a microsecond under 50": (HOUR - MICROSECOND, HOUR, DayGrade.MAJOR, 49.99),
    "a microsecond down": (24 * HOUR - MICROSECOND, MICROSECOND, DayGrade.MINOR, 99.99),
    "not a moment down": (24 * HOUR, timedelta(0), DayGrade.FULL, 100.0),
}


@pytest.mark.parametrize(("good", "down", "grade", "pct"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_grade_at_its_boundary(
    good: timedelta, down: timedelta, grade: DayGrade, pct: float
) -> None:
    measured = Tally(up=good / 2, degraded=good - good / 2, down=down, maintenance=HOUR)

    assert (measured.grade, measured.uptime_pct()) == (grade, pct)


# Days of another length ---------------------------------------------------------------------------

DAYS: dict[str, tuple[str, list[tuple[date, float]]]] = {
    "Rome": ("Europe/Rome", [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]),
    "New York": ("America/New_York", [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)]),
    "Lord Howe": ("Australia/Lord_Howe", [(date(2026, 10, 4), 23.5), (date(2026, 4, 5), 24.5)]),
    "Havana": ("America/Havana", [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)]),
    "Beirut": ("Asia/Beirut", [(date(2026, 3, 29), 23), (date(2026, 10, 24), 25)]),
    "Santiago": ("America/Santiago", [(date(2026, 9, 6), 23), (date(2026, 4, 4), 25)]),
    "Gaza": ("Asia/Gaza", [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25)]),
    "Dublin": ("Europe/Dublin", [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]),
    "Casablanca": ("Africa/Casablanca", [(date(2026, 3, 22), 23), (date(2026, 2, 15), 25)]),
    "Apia": ("Pacific/Apia", [(date(2011, 12, 30), 0)]),
    "UTC": ("UTC", [(date(2026, 3, 29), 24)]),
}
ODD_DAYS = [
    pytest.param(zone, day, hours, id=f"{name} {day}")
    for name, (zone, days) in DAYS.items()
    for day, hours in days
]


@pytest.mark.parametrize(("zone", "local_date", "hours"), ODD_DAYS)
def test_six_kinds_fill_a_day_of_any_length(zone: str, local_date: date, hours: float) -> None:
    day = Calendar(zone=zone).day_of(local_date)
    begin = day.begin.astimezone(UTC) - HOUR
    kinds = itertools.cycle(STORED)
    bounds = [begin + n * 17 * timedelta(minutes=1) for n in range(110)]
    spans = [
        Span(kind=next(kinds), began_at=one, ended_at=other)
        for one, other in itertools.pairwise(bounds)
    ]
    window = (day.begin + 2 * HOUR, day.begin + 5 * HOUR)
    counted = account((), {}, {CheckId("c"): spans}, [window], bounds[-1])[CheckId("c")]

    measured = tally(counted, day.begin, day.end)

    by_the_minute = Counter(
        next(span.kind for span in counted if span.began_at <= at < (span.ended_at or at))
        for at in (day.begin + n * timedelta(minutes=1) for n in range(round(hours * 60)))
    )
    assert measured.whole == hours * HOUR
    assert {kind: measured.of_kind(kind) // timedelta(minutes=1) for kind in TimeKind} == {
        kind: by_the_minute[kind] for kind in TimeKind
    }
    if hours:
        assert measured.maintenance > timedelta(0)
