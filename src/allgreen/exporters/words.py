"""Small phrases that several formats share: numbers, durations, ages and times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import isfinite
from typing import Final

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_NUMBERS: Final = (
    "no", "one", "two", "three", "four", "five", "six",
    "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNITS: Final = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))
_SECOND_MS: Final = 1000


def number_in_words(number: int) -> str:
    """Return ``seven`` up to twelve, and ``1,000`` beyond."""
    return _NUMBERS[number] if number < len(_NUMBERS) else with_separators(number)


def with_separators(number: int) -> str:
    """Return ``1,000``."""
    return f"{number:,}"


def describe_duration(milliseconds: float) -> str:
    """Return ``312 ms``, ``5.03 s``, ``2 min 5 s``."""
    if 0 <= milliseconds < _SECOND_MS - 1:
        return f"{milliseconds:.0f} ms"  # of nearly every check
    if not isfinite(milliseconds):
        return "an unknown time"
    if round(milliseconds) < _SECOND_MS:
        return f"{max(0.0, milliseconds):.0f} ms"
    seconds = milliseconds / _SECOND_MS
    return f"{seconds:.3g} s" if round(seconds, 1) < MINUTE else _in_two_units(round(seconds))


def describe_limit(milliseconds: float) -> str:
    """Return a duration that is a limit and a little more, as the limit: ``5 s`` for 5,003 ms."""
    if not 0 < milliseconds < MINUTE * _SECOND_MS:
        return describe_duration(milliseconds)
    return describe_duration(float(f"{milliseconds:.2g}"))


def describe_age(seconds: float) -> str:
    """Return an age in its largest unit, never rounded up: ``59 s``, ``3 h``."""
    if not isfinite(seconds):
        return "an unknown time"
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), ("s", 1))
    return f"{int(max(0.0, seconds) // size):,} {unit}"


def format_instant(at: float) -> str:
    """Return seconds since 1970 as RFC 3339: ``2026-04-14T23:58:12.000Z``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def format_day(day: date) -> str:
    """Return ``14 April 2026``."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_time_of_day(instant: datetime, today: date) -> str:
    """Return ``21:04``, with the day when that is another one: ``13 April, 21:04``."""
    time = f"{instant:%H:%M}"
    if instant.date() == today:
        return time
    return f"{instant.day} {_MONTHS[instant.month - 1]}, {time}"


def _in_two_units(seconds: int) -> str:
    """Return the two largest units: ``2 min 5 s``, ``3 h``."""
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count:,} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part)
