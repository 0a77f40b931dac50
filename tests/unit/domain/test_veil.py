"""Which JSON values may be shown: switches and numbers, never texts."""

from __future__ import annotations

import pytest

from allgreen.domain.expectation import JsonOperator, JsonValue, Not
from allgreen.domain.veil import is_open, is_open_in_words
from allgreen.executors.verdict import Seen

COMPARED = [
    JsonOperator.EQUALS,
    JsonOperator.NOT_EQUALS,
    JsonOperator.ABOVE,
    JsonOperator.BELOW,
]
SEEN = Seen('{"a": 1}')


def is_open_everywhere(leaf: JsonValue) -> set[bool]:
    """Return what is said of a value itself, and of both explanations of it."""
    lines = [*leaf.explain(SEEN), *Not(part=leaf).explain(SEEN)]
    return {is_open(leaf), *(is_open_in_words(line.expected) for line in lines)}


@pytest.mark.parametrize("operator", COMPARED)
@pytest.mark.parametrize("value", ["true", "false", "null", "0", "-12.5", "1e3", "9" * 40])
def test_switches_and_numbers_are_open(operator: JsonOperator, value: str) -> None:
    assert is_open_everywhere(JsonValue(path="$.a", operator=operator, value=value)) == {True}


@pytest.mark.parametrize("operator", COMPARED)
@pytest.mark.parametrize(
    "value", ["S3CRET", "", "True", "true ", " 1", "1_000", "0x10", "٣", "1\n", "[1]", "9" * 41]
)
def test_texts_are_not(operator: JsonOperator, value: str) -> None:
    assert is_open_everywhere(JsonValue(path="$.a", operator=operator, value=value)) == {False}


@pytest.mark.parametrize("value", ["S3CRET", "true", "12"])
def test_nothing_that_is_looked_for_inside_is_open(value: str) -> None:
    leaf = JsonValue(path="$.a", operator=JsonOperator.CONTAINS, value=value)

    assert is_open_everywhere(leaf) == {False}


def test_being_there_has_no_value_to_hide() -> None:
    assert is_open_everywhere(JsonValue(path="$.a", operator=JsonOperator.EXISTS)) == {True}
