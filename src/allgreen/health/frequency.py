"""Frequency: how often a check runs at most, in the words of ``run=``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NoReturn

from allgreen.errors import CheckDefinitionError, FrequencyError

MOST: Final = 1000
"""The largest number in a frequency: who wants more runs than that wants no limit."""

_LONGEST: Final = 100
"""Characters; no frequency has as many."""


class Unit(StrEnum):
    """What a period is counted in."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length_s(self) -> int:
        """Return its length in seconds, where clocks do not change."""
        return _LENGTHS_S[self]


_LENGTHS_S: Final = {Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.DAY: 86_400, Unit.WEEK: 604_800}

_FIRST_MONDAY_S: Final = 4 * 86_400
"""1970 began on a Thursday."""


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many runs in each period, and never more.

    A period is one of the calendar in UTC: a minute, an hour, a day from 00:00, a week from Monday
    (ISO 8601). Days and weeks may be those of a time zone; where its clocks change, a day has 23
    or 25 hours. ``every 15 minutes`` is one run in each step of a grid that holds 1 January 1970,
    00:00 UTC (for weeks: Monday the 5th), so that all processes and machines agree on the steps.

    The runs of a period are not spread over it: the first that are asked for are done.

    Attributes:
        limit: Runs in one period, from 1.
        length: How many units one period lasts; more than one only where the limit is one.
        zone: IANA name of the zone in which days and weeks are cut; `None` for UTC.
    """

    limit: int
    unit: Unit
    length: int = 1
    zone: str | None = None

    @classmethod
    def parse(cls, text: object) -> Frequency:
        """Read a frequency; case and additional spaces do not matter.

        ``N times per UNIT``, ``once per UNIT``, ``twice per UNIT``, ``every UNIT``,
        ``every N UNITs``, where a unit is minute, hour, day or week, and N goes from 1 to 1000.
        After a day or a week a time zone may follow: ``2 times per day in Europe/Rome``.

        Raises:
            CheckDefinitionError: It cannot be read; the message points at the wrong word, and
                says what may be meant.
        """
        if not isinstance(text, str):
            raise CheckDefinitionError(
                f"run= is text such as '2 times per day', and not {type(text).__name__}."
            )
        if len(text) > _LONGEST:
            raise CheckDefinitionError(f"run= has {len(text)} characters, which is no frequency.")
        try:
            return _Reader(text).read()
        except FrequencyError as error:
            raise FrequencyError(error.text, error.place, error.reason, _guess(text)) from None

    def period_of(self, at: float) -> tuple[float, float]:
        """Return the period that holds an instant: its begin, and the begin of the next.

        Args:
            at: Seconds since 1970, as are both of the answer.
        """
        if self.zone is not None:
            return self._local_period_of(at, self.zone)
        anchor = _FIRST_MONDAY_S if self.unit is Unit.WEEK else 0
        step = self.unit.length_s * self.length
        begin = anchor + (at - anchor) // step * step
        return begin, begin + step

    def _local_period_of(self, at: float, zone: str) -> tuple[float, float]:
        from datetime import UTC, datetime  # noqa: PLC0415 - few frequencies have a zone

        from allgreen.domain.calendar import DAY, Calendar  # noqa: PLC0415 - the same

        calendar = Calendar(zone=zone)
        # Cut to whole seconds: rounding could lead into the next day.
        first = last = calendar.day_at(datetime.fromtimestamp(at // 1, UTC))
        if self.unit is Unit.WEEK:
            monday = first.date - DAY * first.date.weekday()
            first, last = calendar.day_of(monday), calendar.day_of(monday + 6 * DAY)
        return first.begin.timestamp(), last.end.timestamp()

    def __str__(self) -> str:
        zone = f" in {self.zone}" if self.zone else ""
        if self.length > 1:
            return f"every {self.length} {self.unit}s{zone}"
        return f"{'once' if self.limit == 1 else f'{self.limit} times'} per {self.unit}{zone}"


class _Reader:
    """Reads a frequency word by word."""

    def __init__(self, text: str) -> None:
        self.text = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
        self._words = [(found[0], found.span()) for found in re.finditer(r"\S+", self.text)]
        self._place = (0, 0)

    def read(self) -> Frequency:
        first = self._next("a number, 'once', 'twice' or 'every'")
        frequency = self._read_every() if first == "every" else self._read_times(first)
        if self._words:
            frequency = self._read_zone(frequency)
        if self._words:
            self._next("nothing")
            self._refuse("Nothing may follow here.")
        return frequency

    def _read_times(self, first: str) -> Frequency:
        limit = {"once": 1, "twice": 2}.get(first)
        if limit is None:
            limit = self._number(first, "It begins with a number, 'once', 'twice' or 'every'.")
            self._expect("times", "time")
        self._expect("per")
        return Frequency(limit, self._unit(self._next("a unit")))

    def _read_every(self) -> Frequency:
        word = self._next("a number or a unit")
        if word in tuple(Unit):
            return Frequency(1, Unit(word))
        number = self._number(word, "After 'every' comes a number or a unit.")
        return Frequency(1, self._unit(self._next("a unit").removesuffix("s")), number)

    def _read_zone(self, frequency: Frequency) -> Frequency:
        if self._next("'in'") != "in":
            self._refuse("Nothing but 'in' and a time zone may follow.")
        if frequency.length > 1 or frequency.unit not in (Unit.DAY, Unit.WEEK):
            self._refuse("Only a day or a week can be one of a time zone.")
        zone = self._next("a time zone", keeps_case=True)

        from allgreen.domain.calendar import is_zone  # noqa: PLC0415 - as in Frequency

        if not is_zone(zone):
            self._refuse("There is no time zone of this name on this machine.")
        return replace(frequency, zone=zone)

    def _number(self, word: str, reason: str) -> int:
        if not re.fullmatch(r"-?[0-9]+", word):
            self._refuse(reason)
        # By its length first: Python refuses to read a number of 5,000 digits.
        if len(word) > len(str(MOST)) or not 1 <= int(word) <= MOST:
            self._refuse(f"The number goes from 1 to {MOST}.")
        return int(word)

    def _unit(self, word: str) -> Unit:
        if word not in tuple(Unit):
            self._refuse("The unit is minute, hour, day or week.")
        return Unit(word)

    def _expect(self, *words: str) -> None:
        if self._next(f"'{words[0]}'") not in words:
            self._refuse(f"The word here is '{words[0]}'.")

    def _next(self, missing: str, *, keeps_case: bool = False) -> str:
        if not self._words:
            self._place = (len(self.text) + bool(self.text), 1)
            self._refuse(f"Here is missing: {missing}.")
        word, (begin, end) = self._words.pop(0)
        self._place = (begin, end - begin)
        return word if keeps_case else word.lower()

    def _refuse(self, reason: str) -> NoReturn:
        raise FrequencyError(self.text, self._place, reason)


# Guesses: what somebody meant, to be named in an error -------------------------------------------

_NO_UNITS: Final = {"a", "an", "each", "every", "in", "once", "per", "time", "times", "twice"}
_OTHER_UNITS: Final = {
    "daily": Unit.DAY, "d": Unit.DAY, "hourly": Unit.HOUR, "h": Unit.HOUR, "hr": Unit.HOUR,
    "m": Unit.MINUTE, "min": Unit.MINUTE, "w": Unit.WEEK,
}  # fmt: skip
_NUMBERS: Final = {
    "once": 1, "one": 1, "twice": 2, "two": 2, "thrice": 3, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip


def _guess(text: str) -> str | None:
    head, _, zone = text.partition(" in ")
    words = re.findall("[0-9]+|[a-z]+", head.lower())
    unit = next(filter(None, map(_find_unit, words)), None)
    if unit is None:
        return None
    number = next(filter(None, map(_find_number, words)), 1)
    if "every" in words:
        return str(Frequency(1, unit, number, _find_zone(zone, unit) if number == 1 else None))
    return str(Frequency(number, unit, zone=_find_zone(zone, unit)))


def _find_unit(word: str) -> Unit | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only where somebody made a mistake

    word = word.removesuffix("s")
    close = get_close_matches(word, [] if word in _NO_UNITS else [*Unit], n=1)
    return _OTHER_UNITS.get(word) or (Unit(close[0]) if close else None)


def _find_number(word: str) -> int | None:
    return min(int(word), MOST) if word.isdigit() else _NUMBERS.get(word)


def _find_zone(name: str, unit: Unit) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - as above
    from zoneinfo import available_timezones  # noqa: PLC0415 - as above

    if not name or unit not in (Unit.DAY, Unit.WEEK):
        return None
    close = get_close_matches(name.strip(), available_timezones(), n=1)
    return close[0] if close else None
