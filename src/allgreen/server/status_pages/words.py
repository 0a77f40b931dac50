"""Numbers, times and days, as a page for everybody writes them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import floor
from typing import Final

from allgreen.domain.calendar import zone_named

NBSP: Final = "\u00a0"
_NUMBERS: Final = (
    "no one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def in_words(count: int) -> str:
    """Write a count: ``two``, from thirteen on ``13``."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def some_services(count: int) -> str:
    """Write how many services: ``one service``."""
    return "one service" if count == 1 else f"{in_words(count)} services"


def write_pct(pct: float | None) -> str:
    """Write a percentage, floored: only a perfect 100 is ever written so."""
    if pct is None:
        return "no data yet"
    if pct >= 100:
        return f"100{NBSP}%"
    # 99.99 * 100 is 9998.999…: the tiny push undoes binary rounding, and must not reach a hundred.
    return f"{min(floor(pct * 100 + 1e-6), 9999) / 100:.2f}{NBSP}%"


def write_ms(milliseconds: int) -> str:
    """Write a latency: ``184 ms``, ``1.2 s``."""
    if milliseconds < 1000:
        return f"{milliseconds}{NBSP}ms"
    return f"{milliseconds / 1000:.{1 if milliseconds < 10_000 else 0}f}{NBSP}s"


def write_duration(seconds: int) -> str:
    """Write a length of time in at most two units: ``7 h 51 min``."""
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    if seconds < 3600:
        return f"{seconds // 60}{NBSP}min"
    big, name, small, rest = (
        (3600, "h", 60, "min") if seconds < 86_400 else (86_400, "d", 3600, "h")
    )
    head = f"{seconds // big}{NBSP}{name}"
    left = seconds % big // small
    return f"{head} {left}{NBSP}{rest}" if left else head


def write_duration_in_full(seconds: int) -> str:
    """Write the larger unit of a length of time: ``42 minutes``."""
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count}{NBSP}{name}{'s' if count != 1 else ''}"
    return "less than a minute"


def join_names(names: Sequence[str], most: int = 3) -> str:
    """Write names in a row: ``Search, Checkout and two others``."""
    if len(names) > most:
        names = [*names[: most - 1], f"{in_words(len(names) - most + 1)} others"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def write_day(day: date) -> str:
    """Write a date of this half year: ``Thu 9 April``."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def write_days(first: date, last: date) -> str:
    """Write a stretch of days: ``Fri 10 to Mon 13 Apr``."""
    if first == last:
        return write_day(first)
    begin = f"{_DAYS[first.weekday()]} {first.day}"
    if first.month != last.month:
        begin = f"{begin} {write_month(first)[:3]}"
    return f"{begin} to {_DAYS[last.weekday()]} {last.day} {write_month(last)[:3]}"


def write_month(day: date) -> str:
    """Write the month of a date: ``April``."""
    return _MONTHS[day.month - 1]


def for_xml(text: str) -> str:
    """Return a text without the characters that XML 1.0 does not know (section 2.2)."""
    return _NOT_XML.sub("", text)


_NOT_XML: Final = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Wall:
    """The wall clock of a zone, for a reader at one moment."""

    def __init__(self, zone: str, now: datetime) -> None:
        self._zone = zone_named(zone)
        self.now = now

    def day(self, at: datetime) -> date:
        """Return the local date of an instant."""
        return at.astimezone(self._zone).date()

    def time(self, at: datetime) -> str:
        """Write the time of day: ``23:18``."""
        return f"{at.astimezone(self._zone):%H:%M}"

    def time_with_zone(self, at: datetime) -> str:
        """Write the time of day and the zone's short name: ``14:03 CET``."""
        return f"{at.astimezone(self._zone):%H:%M %Z}"

    def moment(self, at: datetime, beside: date | None = None) -> str:
        """Write the time of day, with the day unless that is today, or the one that is given."""
        day = self.day(at)
        is_clear = day == (beside or self.day(self.now))
        return self.time(at) if is_clear else f"{write_day(day)}, {self.time(at)}"

    def at(self, at: datetime) -> str:
        """Write when something was, in a sentence: ``at 23:18``, ``on Thu 9 April at 12:06``."""
        day = self.day(at)
        is_today = day == self.day(self.now)
        return f"at {self.time(at)}" if is_today else f"on {write_day(day)} at {self.time(at)}"

    def ago(self, at: datetime) -> str:
        """Write how long ago something was: ``48 seconds ago``."""
        gone = max(self.now - at, timedelta())
        if gone < timedelta(minutes=1):
            seconds = int(gone.total_seconds())
            return "just now" if seconds < 5 else f"{seconds} seconds ago"
        return f"{write_duration_in_full(int(gone.total_seconds()))} ago"
