"""Column types keep what the domain means, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

from allgreen.domain.status import Mode, Outcome
from allgreen.storage.sql.types import Duration, Instant, Json, Line, Word, storable

SQLITE, POSTGRES = sqlite.dialect(), postgresql.dialect()  # type: ignore[no-untyped-call] # untyped there
both_engines = pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=["sqlite", "postgres"])
instants = st.datetimes(timezones=st.timezones(), allow_imaginary=False).filter(
    lambda instant: 1 < instant.year < 9999
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


def _round_trip(column: TypeDecorator[Any], value: object, dialect: Dialect) -> object:
    stored = column.process_bind_param(value, dialect)
    return column.process_result_value(stored, dialect)


@both_engines
@given(instant=instants)
def test_instant_comes_back_as_the_same_moment_in_utc(dialect: Dialect, instant: datetime) -> None:
    found = _round_trip(Instant(), instant, dialect)

    assert found == instant.astimezone(UTC)
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


@given(first=instants, second=instants)
def test_instants_on_sqlite_sort_like_moments(first: datetime, second: datetime) -> None:
    stored = [Instant().process_bind_param(one, SQLITE) for one in (first, second)]

    # Python compares two times of one zone by what the clock on the wall shows.
    assert (stored[0] < stored[1]) == (first.astimezone(UTC) < second.astimezone(UTC))


@both_engines
def test_instant_without_a_zone_is_refused(dialect: Dialect) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point

    with pytest.raises(ValueError, match="has no time zone"):
        Instant().process_bind_param(naive, dialect)


def test_instant_in_another_zone_is_the_same_number() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)

    there = noon.astimezone(timezone(timedelta(hours=5, minutes=45)))

    assert Instant().process_bind_param(there, SQLITE) == 1_767_268_800_000_000


@both_engines
@given(duration=st.timedeltas())
def test_duration_comes_back_to_the_microsecond(dialect: Dialect, duration: timedelta) -> None:
    assert _round_trip(Duration(), duration, dialect) == duration


@both_engines
@given(value=json_values)
def test_json_comes_back_exactly(dialect: Dialect, value: object) -> None:
    assert _round_trip(Json(), value, dialect) == value


@given(text=st.text())
def test_json_never_holds_what_no_database_takes(text: str) -> None:
    stored = Json().process_bind_param({"message": text}, SQLITE)

    assert stored is not None
    assert "\0" not in stored
    assert stored.encode()


@pytest.mark.parametrize("outcome", Outcome)
def test_word_comes_back_as_a_member_of_its_set(outcome: Outcome) -> None:
    assert _round_trip(Word(Outcome), outcome, SQLITE) is outcome


def test_word_of_another_set_is_refused() -> None:
    with pytest.raises(ValueError, match="fail"):
        Word(Mode).process_bind_param(Outcome.FAIL, SQLITE)  # type: ignore[arg-type] # the point


@pytest.mark.parametrize("column", [Instant(), Duration(), Json(), Word(Mode)])
def test_nothing_stays_nothing(column: TypeDecorator[Any]) -> None:
    assert _round_trip(column, None, SQLITE) is None
    assert Line().process_bind_param(None, SQLITE) is None


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("plain – Übersee 🟢", "plain – Übersee 🟢"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\udfff", "\ufffd"),
        ("\ud83d\ude00", "😀"),
    ],
    ids=ascii,
)
def test_strange_text_becomes_storable(text: str, stored: str) -> None:
    assert storable(text) == stored
    assert Line().process_bind_param(text, POSTGRES) == stored


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert storable(text) == text


@given(text=st.text(st.characters()))
def test_any_text_becomes_storable(text: str) -> None:
    assert "\0" not in storable(text).encode().decode()
