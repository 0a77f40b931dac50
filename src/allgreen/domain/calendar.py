"""Calendars: the local days of a workspace, from midnight to midnight of its zone.

A day lasts 23, 24 or 25 hours, and now and then something else. Days follow on one another without
a gap, also where the zone of the workspace was changed: days that are over keep their cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from allgreen.domain.wallclock import first_instant

DAY = timedelta(days=1)
STRIP_DAYS = 90
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One local day; one that a zone left out has no length."""

    date: date
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where the days of a workspace are cut.

    Attributes:
        zone: IANA name of the zone in which days are cut now, or from the next midnight on.
        earlier: Zones before that, oldest first: days before the date were cut in the zone.
    """

    zone: str = "UTC"
    earlier: tuple[tuple[date, str], ...] = ()

    def day_of(self, local_date: date) -> Day:
        """Return the bounds of a date in UTC, also where midnight does not exist."""
        begin = self._begin_of(local_date, 0)
        return Day(date=local_date, begin=begin, end=self._begin_of(local_date + DAY, 0))

    def day_at(self, instant: datetime) -> Day:
        """Return the day that holds an instant."""
        day = self.day_of(instant.astimezone(zone_named(self.zone)).date())
        while instant < day.begin:
            day = self.day_of(day.date - DAY)
        while instant >= day.end:
            day = self.day_of(day.date + DAY)
        return day

    def last_days(self, now: datetime, count: int = STRIP_DAYS) -> list[Day]:
        """Return the latest `count` days, today last."""
        today = self.day_at(now).date
        begins = [self._begin_of(today - DAY * ago, 0) for ago in range(count - 1, -2, -1)]
        return [
            Day(date=today - DAY * (count - 1 - place), begin=begin, end=begins[place + 1])
            for place, begin in enumerate(begins[:-1])
        ]

    def moved(self, zone: str, now: datetime) -> Calendar:
        """Cut days in another zone, from its next midnight on.

        The day that lasts now ends there, and is shorter or longer for it. Where the dates of the
        two zones differ, one that was there already does not come again, and one that is jumped
        over has no length.
        """
        first = self.day_at(now).date + DAY
        while first_instant(first, _MIDNIGHT, zone_named(zone)) <= now:
            first += DAY
        kept = tuple(each for each in self.earlier if each[0] < first)
        before = self.zone_of(first - DAY)
        return Calendar(zone=zone, earlier=kept if before == zone else (*kept, (first, before)))

    def zone_of(self, local_date: date) -> str:
        """Return the zone in which a day is cut."""
        return next((zone for until, zone in self.earlier if local_date < until), self.zone)

    def _begin_of(self, local_date: date, place: int) -> datetime:
        """Return the begin of a date by the zones from `place` on."""
        if place == len(self.earlier):
            return first_instant(local_date, _MIDNIGHT, zone_named(self.zone))
        until, zone = self.earlier[place]
        if local_date >= until:
            return self._begin_of(local_date, place + 1)
        begin = first_instant(local_date, _MIDNIGHT, zone_named(zone))
        # Only near the change can the two get into each other's way.
        is_near = until - local_date <= 3 * DAY
        return min(begin, self._begin_of(until, place + 1)) if is_near else begin


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone; UTC for a name that the zone database knows no more.

    Days that are cut elsewhere are a smaller harm than an outage of which nobody is told.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_zone(name: str) -> bool:
    """Tell whether people may choose a zone: it is known, and the same on every machine."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})
