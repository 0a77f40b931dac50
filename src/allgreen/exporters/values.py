"""Values: what a check measured, as JSON.

Measurements are whatever a program puts there. What JSON knows stays what it is; the rest becomes
text, by rules that do not depend on where or when:

* ``NaN`` and the infinities become the texts ``NaN``, ``Infinity`` and ``-Infinity``: `null` would
  say that nothing was measured. Whole numbers that 64 bits do not hold become text as well.
* Dates and times are in ISO 8601, with ``Z`` for UTC; a span of time is its seconds.
* An enum member is its value. Bytes are read as UTF-8, with escapes for what is none.
* Sets become sorted lists. Keys become text; of two keys with the same text the second is numbered.
* Anything else of the standard library is its ``str``; of other types only the name is told, since
  their own code might do anything.

Depth and number of values are bounded, which also ends what contains itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import islice
from math import isfinite, isnan
from typing import Any, Final, TypeAlias

from allgreen.exporters.plain import encode
from allgreen.exporters.room import Room

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEEPEST: Final = 6
"""So many containers may stand in one another."""


def dump(value: object) -> bytes:
    """Return compact JSON in UTF-8; only for what is JSON already."""
    return encode(_ENCODER.encode(value))


def convert_metadata(metadata: Mapping[str, Any], room: Room) -> dict[str, Json]:
    """Return measurements as JSON, as far as there is room."""
    return _Conversion(room).convert_mapping(metadata, 0) if metadata else {}


def convert_number(number: float, digits: int = 3) -> float | int | None:
    """Return a measurement of our own, rounded; `None` for what is no number."""
    if not isfinite(number):
        return None
    rounded = round(number, digits)
    return int(rounded) if rounded == int(rounded) else rounded


def add_numbered(taken: dict[str, Json], key: str, value: Json) -> None:
    """Add a value; numbered, when there is one with the same key."""
    free, number = key, 1
    while free in taken:
        number += 1
        free = f"{key} ({number})"
    taken[free] = value


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_MORE: Final = "…"
_LARGEST: Final = 2**63
_MOST_BITS: Final = 512
_ORDERED_TYPES: Final = frozenset({str, int, float, bytes})
# Their texts are made by the standard library alone, and it is not imported for that.
_MODULES_WITH_TEXT: Final = frozenset(
    {"uuid", "decimal", "fractions", "pathlib", "ipaddress", "zoneinfo", "datetime"}
)


class _Conversion:
    """One pass over the measurements of one check."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._left = room.items

    def convert(self, value: object, depth: int) -> Json:
        self._left -= 1
        if type(value) is int:
            return _convert_whole(value)  # the usual case, and the cheapest question
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.convert(value.value, depth)
        if isinstance(value, str | bytes | bytearray):
            return self._room.cut(_read_text(value))
        if isinstance(value, int | float):
            return _convert_number(value)
        if isinstance(value, Mapping):
            return self.convert_mapping(value, depth + 1) if self._may_enter(depth) else _MORE
        if isinstance(value, list | tuple | set | frozenset):
            return self._convert_list(value, depth + 1) if self._may_enter(depth) else _MORE
        if isinstance(value, timedelta):
            return value.total_seconds()
        return self._room.cut(_as_text(value))

    def convert_mapping(self, mapping: Mapping[Any, Any], depth: int) -> dict[str, Json]:
        converted: dict[str, Json] = {}
        # A copy at once: the program may go on filling what it handed over.
        for key, value in list(islice(mapping.items(), max(0, self._left) + 1)):
            if self._left <= 0 or self._room.is_exceeded:
                self._room.has_cut = True
                break
            name = self._room.cut_name(self._convert_key(key))
            add_numbered(converted, name, self.convert(value, depth))
        return converted

    def _convert_list(self, values: Iterable[object], depth: int) -> list[Json]:
        is_set = isinstance(values, set | frozenset)
        taken = list(islice(_in_order(values) if is_set else values, max(0, self._left) + 1))
        converted: list[Json] = []
        for value in taken:
            if self._left <= 0 or self._room.is_exceeded:
                self._room.has_cut = True
                break
            converted.append(self.convert(value, depth))
        return sorted(converted, key=_ENCODER.encode) if is_set else converted

    def _convert_key(self, key: object) -> str:
        if isinstance(key, str):
            return str.__str__(key)
        converted = self.convert(key, DEEPEST - 1)
        return converted if isinstance(converted, str) else _ENCODER.encode(converted)

    def _may_enter(self, depth: int) -> bool:
        if depth < DEEPEST:
            return True
        self._room.has_cut = True
        return False


def _read_text(value: str | bytes | bytearray) -> str:
    # The class itself is asked: what is derived from it may answer anything.
    return (
        str.__str__(value)
        if isinstance(value, str)
        else bytes(value).decode(errors="backslashreplace")
    )


def _convert_number(number: float) -> Json:
    if isinstance(number, int):
        return _convert_whole(int.__int__(number))
    plain = float.__float__(number)
    if isfinite(plain):
        return plain
    return "NaN" if isnan(plain) else "Infinity" if plain > 0 else "-Infinity"


def _convert_whole(number: int) -> Json:
    if -_LARGEST <= number < _LARGEST:
        return number
    bits = number.bit_length()
    # Python itself refuses to write numbers that take too long to write.
    return str(number) if bits <= _MOST_BITS else f"a whole number of {bits:,} bits"


def _as_text(value: object) -> str:
    if isinstance(value, datetime | date | time):
        text = value.isoformat()
        return f"{text[:-6]}Z" if text.endswith("+00:00") else text
    kind = type(value)
    if kind.__module__.partition(".")[0] in _MODULES_WITH_TEXT:
        try:
            return str(value)
        except ValueError:  # a fraction of enormous numbers
            pass
    return f"<{kind.__module__}.{kind.__qualname__}>"


def _in_order(values: Iterable[Any]) -> Iterable[Any]:
    """Return a set in an order that does not change from process to process, where it has one."""
    listed = list(values)
    if all(type(value) in _ORDERED_TYPES for value in listed):
        return sorted(listed, key=lambda value: (type(value).__name__, value))
    return listed
