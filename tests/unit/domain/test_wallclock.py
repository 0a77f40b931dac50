"""Which instant a wall clock means: after a gap, and the first of two."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from allgreen.domain.wallclock import first_instant

CASES = {
    "an ordinary morning": ("Europe/Rome", "2026-03-02 02:30", "2026-03-02T01:30"),
    "Rome, left out": ("Europe/Rome", "2026-03-29 02:30", "2026-03-29T01:00"),
    "Rome, the last moment before the gap": ("Europe/Rome", "2026-03-29 01:59", "2026-03-29T00:59"),
    "Rome, shown twice": ("Europe/Rome", "2026-10-25 02:30", "2026-10-25T00:30"),
    "New York, left out": ("America/New_York", "2026-03-08 02:30", "2026-03-08T07:00"),
    "New York, shown twice": ("America/New_York", "2026-11-01 01:30", "2026-11-01T05:30"),
    "Lord Howe, left out": ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30"),
    "Lord Howe, shown twice": ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45"),
    "Havana, no midnight": ("America/Havana", "2026-03-08 00:00", "2026-03-08T05:00"),
    "Havana, midnight twice": ("America/Havana", "2026-11-01 00:30", "2026-11-01T04:30"),
    "Beirut, no midnight": ("Asia/Beirut", "2026-03-29 00:30", "2026-03-28T22:00"),
    "Santiago, no midnight": ("America/Santiago", "2026-09-06 00:00", "2026-09-06T04:00"),
    "Gaza, left out": ("Asia/Gaza", "2026-03-28 02:30", "2026-03-28T00:00"),
    "Dublin, negative summer time": ("Europe/Dublin", "2026-03-29 01:30", "2026-03-29T01:00"),
    "Dublin, shown twice": ("Europe/Dublin", "2026-10-25 01:30", "2026-10-25T00:30"),
    "Casablanca, Ramadan begins": ("Africa/Casablanca", "2026-02-15 02:30", "2026-02-15T01:30"),
    "Casablanca, Ramadan ends": ("Africa/Casablanca", "2026-03-22 02:30", "2026-03-22T02:00"),
    "Apia, a date left out": ("Pacific/Apia", "2011-12-30 10:00", "2011-12-30T10:00"),
    "Toronto, over midnight": ("America/Toronto", "1919-03-30 23:45", "1919-03-31T04:30"),
    "Toronto, no midnight": ("America/Toronto", "1919-03-31 00:00", "1919-03-31T04:30"),
}


@pytest.mark.parametrize(("zone", "wall", "instant"), CASES.values(), ids=CASES)
def test_wall_clock_means_an_instant(zone: str, wall: str, instant: str) -> None:
    local_date, at = wall.split()

    found = first_instant(date.fromisoformat(local_date), time.fromisoformat(at), ZoneInfo(zone))

    assert found == datetime.fromisoformat(f"{instant}+00:00")
    assert found.tzinfo is UTC


def test_gap_ends_at_a_whole_second_also_for_an_odd_time() -> None:
    odd = time(2, 30, 0, 250_000)

    found = first_instant(date(2026, 3, 29), odd, ZoneInfo("Europe/Rome"))

    assert abs(found - datetime(2026, 3, 29, 1, tzinfo=UTC)) < timedelta(seconds=1)
