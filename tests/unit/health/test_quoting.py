"""Values in messages: short, safe, and whatever their repr does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.health.quoting import LIMIT, as_plain, cut, describe, quote


class Thing:
    """Whatever `error` is, its repr raises that."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __repr__(self) -> str:
        raise self.error


class Large:
    """What writes ten million characters about itself."""

    def __repr__(self) -> str:
        return "x" * 10_000_000


CIRCLE: list[object] = []
CIRCLE.append(CIRCLE)

QUOTED = {
    "a number": (38, "38"),
    "a text": ("pong", "'pong'"),
    "nothing": (None, "None"),
    "empty collections": ([[], (), {}, set()], "[[], (), {}, set()]"),
    "one in a tuple": ((1,), "(1,)"),
    "a dictionary": ({"a": [1, {2}]}, "{'a': [1, {2}]}"),
    "a frozen set": (frozenset({1}), "frozenset({1})"),
    "many items": (range(3), "range(0, 3)"),
    "a long list": (
        [7] * 1_000_000,
        "[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, … (1,000,000 items)]",
    ),
    "a circle": (CIRCLE, "[[[[[…]]]]]"),
    "a repr that raises": (
        Thing(ValueError("no")), "<Thing object: its repr raised ValueError>",
    ),
    "a repr without end": (
        Thing(RecursionError()), "<Thing object: its repr raised RecursionError>",
    ),
    "one inside": ([Thing(KeyError())], "<list object: its repr raised KeyError>"),
    "a command to a terminal": ("\x1b[2J\u202e\ud800", "'\\x1b[2J\\u202e\\ud800'"),
    "a number that Python refuses to write": (
        10**5000, "<int object: its repr raised ValueError>",
    ),
}  # fmt: skip


@pytest.mark.semantics(16)
@pytest.mark.parametrize(("value", "quoted"), QUOTED.values(), ids=QUOTED)
def test_a_value_is_quoted_as_python_writes_it(value: object, quoted: str) -> None:
    assert quote(value) == quoted


@pytest.mark.semantics(16, "L5")
@pytest.mark.parametrize(
    ("value", "end"),
    [
        ("x" * 10_000_000, "x… (10,000,000 characters)"),
        (b"x" * 1000, "x… (1,000 bytes)"),
        ([["x" * 1_000_000] * 1000] * 1000, "x…"),
        (dict.fromkeys(range(1000), "x" * 1000), "x…"),
        (Large(), "x…"),
        ([Large()], "x…"),
    ],
    ids=["text", "bytes", "lists", "a dictionary", "a long repr", "a long repr in a list"],
)
def test_what_is_large_is_cut(value: object, end: str) -> None:
    assert quote(value).endswith(end)
    assert len(quote(value)) <= LIMIT


def test_a_subclass_is_quoted_by_its_own_repr() -> None:
    class Name(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return f"Name<{self}>"

    assert quote(Name("x")) == "Name<x>"


def test_description_names_the_type() -> None:
    assert describe(3) == "int 3"
    assert describe("a") == "str 'a'"


@pytest.mark.semantics(15, 55)
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ready\tnow\n", "ready\tnow\n"),
        ("one\r\ntwo", "one\ntwo"),
        ("one\rtwo", "one\\x0dtwo"),
        ("\x00\x1b[0m\x7f\x9b", "\\x00\\x1b[0m\\x7f\\x9b"),
        ("user\u202etxt.exe\u2066", "user\\u202etxt.exe\\u2066"),
        ("one\u2028two", "one\\u2028two"),
        ("lone \ud800, \udcff", "lone \ufffd, \ufffd"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("family 👩‍👩‍👧, ünï, 中文, שלום", "family 👩‍👩‍👧, ünï, 中文, שלום"),
    ],
)
def test_plain_text_can_be_sent_anywhere(text: str, plain: str) -> None:
    assert as_plain(text) == plain


@pytest.mark.semantics(15)
@given(st.text(st.characters()))
def test_plain_text_stays_as_it_is(text: str) -> None:
    plain = as_plain(text)

    assert as_plain(plain) == plain
    assert json.loads(json.dumps(plain).encode()) == plain
    assert plain.encode("utf-8").decode("utf-8") == plain


def test_a_cut_is_shown() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
