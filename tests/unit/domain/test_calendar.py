"""Local days: of any length, without a gap, and cut as they were when the zone is changed."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from allgreen.domain.calendar import Calendar, is_zone, zone_named
from allgreen.domain.uptime import Span, Tally, tally
from tests.unit.domain.test_uptime import span_lists

thoroughly = settings(max_examples=200, deadline=None)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
ZONES = [
    "UTC",
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "America/Santiago",
    "Asia/Gaza",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
]
zones = st.sampled_from(ZONES)
instants = st.datetimes(
    min_value=datetime(2011, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)

LENGTHS = {
    "an ordinary day": ("Europe/Rome", date(2026, 3, 2), 24),
    "Rome, spring": ("Europe/Rome", date(2026, 3, 29), 23),
    "Rome, autumn": ("Europe/Rome", date(2026, 10, 25), 25),
    "New York, spring": ("America/New_York", date(2026, 3, 8), 23),
    "New York, autumn": ("America/New_York", date(2026, 11, 1), 25),
    "Lord Howe, spring": ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    "Lord Howe, autumn": ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    "Havana, no midnight": ("America/Havana", date(2026, 3, 8), 23),
    "Havana, midnight twice": ("America/Havana", date(2026, 11, 1), 25),
    "Beirut, no midnight": ("Asia/Beirut", date(2026, 3, 29), 23),
    "Beirut, autumn": ("Asia/Beirut", date(2026, 10, 24), 25),
    "Santiago, no midnight": ("America/Santiago", date(2026, 9, 6), 23),
    "Santiago, autumn": ("America/Santiago", date(2026, 4, 4), 25),
    "Gaza, spring": ("Asia/Gaza", date(2026, 3, 28), 23),
    "Gaza, autumn": ("Asia/Gaza", date(2026, 10, 24), 25),
    "Dublin, spring": ("Europe/Dublin", date(2026, 3, 29), 23),
    "Dublin, autumn": ("Europe/Dublin", date(2026, 10, 25), 25),
    "Casablanca, Ramadan begins": ("Africa/Casablanca", date(2026, 2, 15), 25),
    "Casablanca, Ramadan ends": ("Africa/Casablanca", date(2026, 3, 22), 23),
    "Apia, the day that never was": ("Pacific/Apia", date(2011, 12, 30), 0),
}


@pytest.mark.parametrize(("zone", "local_date", "hours"), LENGTHS.values(), ids=LENGTHS)
def test_length_of_a_local_day(zone: str, local_date: date, hours: float) -> None:
    day = Calendar(zone=zone).day_of(local_date)

    assert day.end - day.begin == hours * HOUR


@thoroughly
@given(zones, instants)
def test_every_instant_lies_in_the_day_that_its_clock_shows(zone: str, instant: datetime) -> None:
    calendar = Calendar(zone=zone)

    day = calendar.day_at(instant)

    assert day.date == instant.astimezone(ZoneInfo(zone)).date()
    assert day.begin <= instant < day.end
    assert calendar.day_at(day.begin) == calendar.day_at(day.end - MICROSECOND) == day


def test_day_whose_midnight_lies_in_a_gap_begins_when_the_gap_ends() -> None:
    calendar = Calendar(zone="America/Toronto")

    day = calendar.day_of(date(1919, 3, 31))

    assert day.begin == datetime(1919, 3, 31, 4, 30, tzinfo=UTC)
    assert calendar.day_of(date(1919, 3, 30)).end == day.begin


@pytest.mark.parametrize("zone", ZONES)
def test_ninety_days_follow_on_one_another_without_a_gap(zone: str) -> None:
    days = Calendar(zone=zone).last_days(datetime(2026, 4, 20, 12, tzinfo=UTC))

    assert len(days) == 90
    assert all(one.end == other.begin for one, other in itertools.pairwise(days))


@thoroughly
@given(zones, st.integers(0, 3650), span_lists())
def test_the_time_of_a_local_day_adds_up_to_its_length(
    zone: str, ordinal: int, spans: list[Span]
) -> None:
    day = Calendar(zone=zone).day_of(date(2020, 1, 1) + timedelta(days=ordinal))

    assert tally(spans, day.begin, day.end).whole == day.end - day.begin


@pytest.mark.parametrize("name", ["Nowhere/Atlantis", "", "../etc/passwd", "\0", "Europe"])
def test_zone_that_is_not_known_is_utc(name: str) -> None:
    assert zone_named(name) == ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("name", "may_be_chosen"),
    [
        ("UTC", True),
        ("Europe/Rome", True),
        ("Nowhere/Atlantis", False),
        ("localtime", False),
        ("posix/Europe/Rome", False),
        ("europe/rome", False),
        ("../Europe/Rome", False),
        ("", False),
    ],
)
def test_zone_that_may_be_chosen_is_known_on_every_machine(name: str, may_be_chosen: bool) -> None:
    assert is_zone(name) == may_be_chosen


# Another zone -------------------------------------------------------------------------------------


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


MOVES = {
    "west: the day lasts longer": (
        ("Europe/Rome", "America/New_York", "2026-03-10T15:00"),
        {
            10: ("2026-03-09T23:00", "2026-03-11T04:00"),
            11: ("2026-03-11T04:00", "2026-03-12T04:00"),
        },
    ),
    "east: a midnight that was already does not come again": (
        ("Europe/Rome", "Asia/Tokyo", "2026-03-10T15:30"),
        {
            10: ("2026-03-09T23:00", "2026-03-10T23:00"),
            11: ("2026-03-10T23:00", "2026-03-11T15:00"),
            12: ("2026-03-11T15:00", "2026-03-12T15:00"),
        },
    ),
    "east: the day ends sooner": (
        ("Europe/Rome", "Asia/Tokyo", "2026-03-10T12:00"),
        {
            10: ("2026-03-09T23:00", "2026-03-10T15:00"),
            11: ("2026-03-10T15:00", "2026-03-11T15:00"),
        },
    ),
    "over the date line: a date comes once": (
        ("Asia/Tokyo", "America/New_York", "2026-03-10T16:00"),
        {
            11: ("2026-03-10T15:00", "2026-03-12T04:00"),
            12: ("2026-03-12T04:00", "2026-03-13T04:00"),
        },
    ),
    "over the date line: a date is jumped over": (
        ("Etc/GMT+12", "Pacific/Kiritimati", "2026-03-11T09:00"),
        {
            10: ("2026-03-10T12:00", "2026-03-11T10:00"),
            11: ("2026-03-11T10:00", "2026-03-11T10:00"),
            12: ("2026-03-11T10:00", "2026-03-12T10:00"),
        },
    ),
}


@pytest.mark.parametrize(("move", "days"), MOVES.values(), ids=MOVES)
def test_another_zone_holds_from_its_next_midnight(
    move: tuple[str, str, str], days: dict[int, tuple[str, str]]
) -> None:
    before, after, now = move

    calendar = Calendar(zone=before).moved(after, _at(now))

    for day, (begin, end) in days.items():
        found = calendar.day_of(date(2026, 3, day))
        assert (found.begin, found.end) == (_at(begin), _at(end))


moves = st.lists(
    st.tuples(zones, st.integers(0, 96 * 60).map(lambda m: timedelta(minutes=m))),
    min_size=1,
    max_size=4,
)


@thoroughly
@given(zones, instants, moves)
@example("Etc/GMT+12", _at("2026-03-11T09:00"), [("Pacific/Kiritimati", DAY), ("UTC", DAY)])
def test_days_follow_on_one_another_however_often_the_zone_is_changed(
    zone: str, now: datetime, steps: list[tuple[str, timedelta]]
) -> None:
    calendar = Calendar(zone=zone)

    for other, later in steps:
        now += later
        moved = calendar.moved(other, now)
        closed = [day for day in calendar.last_days(now, 10) if day.end <= now]
        assert [moved.day_of(day.date) for day in closed] == closed
        assert moved.day_at(now).date == calendar.day_at(now).date
        assert moved.day_at(now).begin == calendar.day_at(now).begin
        calendar = moved

    today = calendar.day_at(now).date
    days = [calendar.day_of(today + n * DAY) for n in range(-8, 6)]
    assert all(one.end == other.begin for one, other in itertools.pairwise(days))
    assert all(one.begin <= one.end for one in days)
    assert days[-1] == Calendar(zone=calendar.zone).day_of(days[-1].date)
    assert calendar.last_days(now, 9) == days[:9]


@thoroughly
@given(zones, zones, instants)
def test_zone_that_is_put_back_at_once_was_never_changed(
    zone: str, other: str, now: datetime
) -> None:
    calendar = Calendar(zone=zone)

    assert calendar.moved(other, now).moved(zone, now) == calendar
    assert calendar.moved(zone, now) == calendar


def test_time_that_no_day_holds_is_not_lost() -> None:
    calendar = Calendar(zone="Europe/Rome").moved("America/New_York", _at("2026-03-10T15:00"))

    days = [calendar.day_of(date(2026, 3, day)) for day in range(9, 13)]

    pooled = Tally.pooled(tally([], day.begin, day.end) for day in days)
    assert pooled.unknown == days[-1].end - days[0].begin
