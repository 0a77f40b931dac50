"""Small phrases of messages: times, durations, the strip of days, and text that is safe to show."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from allgreen.domain.status import DayGrade

HOUR: Final = timedelta(hours=1)
NBSP: Final = "\u00a0"
LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 300


def plain(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """Return foreign text on one line, without control and bidirectional characters, cut short.

    The bidirectional ones could make a name read as something else and a line break could begin
    another header; the two joiners stay, since Persian and Hindi words are not right without them.
    """
    kept = "".join(c for c in text if c.isspace() or c in _JOINERS or _is_shown(c))
    kept = " ".join(kept.split())
    return kept if len(kept) <= longest else kept[: longest - 1].rstrip() + "…"


def unlinked(name: str) -> str:
    """Return a name that no mail program turns into a link.

    A mail to somebody who never asked for it carries a name that a stranger chose; an address in
    it would make our mail an advertisement. A zero-width joiner after each dot cannot be seen.
    """
    return name.replace(".", ".\u200c").replace(":", ":\u200c").replace("@", "@\u200c")


def clock_time(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return ``23:18 UTC``, with the date when that is not today: ``23:18 UTC on 17 April``."""
    local = instant.astimezone(zone)
    name = local.tzname() or zone.key
    # Zones without letters of their own are called by their offset, such as -03.
    shown = f"{local:%H:%M} {name if name.isalpha() else f'UTC{name}'}"
    today = now.astimezone(zone).date()
    return shown if local.date() == today else f"{shown} on {day_name(local.date(), today)}"


def stretch(begin: datetime, end: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return ``from 23:18 to 23:30 UTC``, with dates when it was not all of today."""
    began, ended = clock_time(begin, zone, now), clock_time(end, zone, now)
    time, _, name = began.partition(" ")
    return f"from {time if ended.endswith(f' {name}') and name else began} to {ended}"


def listed(names: Sequence[str], *, of: int = 0) -> str:
    """Return ``a, b and c``; with more than these, ``a, b and 7 more``."""
    more = max(0, of - len(names))
    every = [*names, f"{more} more"] if more else list(names)
    return " and ".join(filter(None, (", ".join(every[:-1]), *every[-1:])))


def day_name(day: date, today: date) -> str:
    """Return ``17 April``, with the year when it is another one."""
    name = f"{day.day}{NBSP}{_MONTHS[day.month - 1]}"
    return name if day.year == today.year else f"{name} {day.year}"


def duration(length: timedelta) -> str:
    """Return the two largest units: ``2 d 4 h``, ``12 min 30 s``, ``8 s``."""
    seconds = max(0, round(length.total_seconds()))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{NBSP}{unit}" if count else "")
    shown = " ".join(part for part in parts[:2] if part)
    return shown or f"less than 1{NBSP}s"


def times_in_a_row(count: int) -> str:
    """Return ``three times in a row``; nothing for a single time."""
    if count < 2:
        return ""
    word = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return "twice in a row" if count == 2 else f"{word} times in a row"


def others(count: int) -> str:
    """Return ``1 other``, ``2 others``; nothing for none."""
    if count < 1:
        return ""
    return f"{count} other" if count == 1 else f"{count} others"


def strip_in_words(grades: Sequence[DayGrade], today: date) -> str:
    """Say what a strip shows: ``12 healthy, 9 April partly down, today a wobble``.

    Args:
        grades: One for each day.
        today: The day of the last one.
    """
    days = [
        (today - timedelta(days=ago), grade)
        for ago, grade in zip(reversed(range(len(grades))), grades, strict=True)
    ]
    counts = Counter(grade for _, grade in days)
    named = [(day, grade) for day, grade in days if grade in _BAD_DAYS]
    if len(named) > MOST_NAMED_DAYS:
        return ", ".join(f"{counts[grade]} {_GRADES[grade]}" for grade in DayGrade if counts[grade])
    parts = [
        f"{counts[grade]} {_GRADES[grade]}"
        for grade in DayGrade
        if counts[grade] and grade not in _BAD_DAYS
    ]
    parts += [
        f"{'today' if day == today else day_name(day, today)} {_GRADES[grade]}"
        for day, grade in named
    ]
    return ", ".join(parts)


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in _UNSHOWN


MOST_NAMED_DAYS: Final = 4
_JOINERS: Final = "\u200c\u200d"
_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_BAD_DAYS: Final = frozenset({DayGrade.MINOR, DayGrade.PARTIAL, DayGrade.MAJOR})
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_NUMBERS: Final = (
    *("no", "one", "two", "three", "four", "five"),
    *("six", "seven", "eight", "nine", "ten"),
)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_GRADES: Final = {
    DayGrade.FULL: "healthy",
    DayGrade.MINOR: "a wobble",
    DayGrade.PARTIAL: "partly down",
    DayGrade.MAJOR: "mostly down",
    DayGrade.MAINTENANCE: "in maintenance",
    DayGrade.NONE: "without data",
}
