"""Column types that keep what the domain means, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar, final

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

E = TypeVar("E", bound=StrEnum)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Count = BigInteger().with_variant(Integer, "sqlite")
"""A whole number that may grow by itself: SQLite does so only for its own INTEGER."""


@final
class Instant(TypeDecorator[datetime]):
    """An aware instant, in UTC when it is read.

    PostgreSQL keeps a ``timestamptz``. SQLite would drop the zone of a date, so there it is the
    number of microseconds since 1970, which also sorts and compares as it should.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError(f"{value!r} has no time zone, so it is no instant.")
        return to_microseconds(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + timedelta(microseconds=value)
        instant: datetime = value.astimezone(UTC)
        return instant


@final
class Duration(TypeDecorator[timedelta]):
    """A length of time, as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


@final
class Word(TypeDecorator[E], Generic[E]):
    """A member of a closed set, as its word."""

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__()
        self.enum = enum
        # To call an enum takes five times as long, and this is done for each value of each row.
        self._members = {member.value: member for member in enum}

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self._members.get(value) or self.enum(value)


@final
class Line(TypeDecorator[str]):
    """Text that may come from anywhere, such as what a target answered.

    PostgreSQL refuses NUL in a text, and no driver can encode half a surrogate pair: both become
    the replacement character, because one strange answer must not stop a batch of results.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


@final
class Json(TypeDecorator[Any]):
    """A JSON value as text; half a surrogate pair becomes the replacement character.

    It is not ``jsonb``: no query looks inside, and ``jsonb`` refuses NUL, even where it is escaped.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def to_microseconds(instant: datetime) -> int:
    """Return the whole microseconds from 1970 to an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def storable(text: str) -> str:
    """Return `text` with U+FFFD in place of what no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")
