"""Text of others is shown and never obeyed."""

from __future__ import annotations

import pytest
from hypothesis import given

from allgreen.exporters.plain import encode, make_line, make_plain
from tests.unit.exporters.reports import ANY_TEXT


@pytest.mark.semantics(15, 55)
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("\x00\x1b\x7f\x85\xa0", "\\x00\\x1b\\x7f\\x85\xa0"),
        ("\u2028\u202a\u202e\u202f\u2066\u2069\u206a", "\\u2028\\u202a\\u202e\u202f\\u2066\\u2069\u206a"),
        ("\ud800\udfff\ufeff\uffff", "\\ud800\\udfff\\ufeff\\uffff"),
        ("\U0001f469\u200d\U0001f680 مرحبا\u200f نامه\u200cای", "\U0001f469\u200d\U0001f680 مرحبا\u200f نامه\u200cای"),
    ],
)  # fmt: skip
def test_only_what_does_something_is_written_out(text: str, shown: str) -> None:
    assert make_plain(text) == shown


def test_a_line_holds_no_line_break() -> None:
    assert make_line(" a\nb\u2028c\x85d\v e ") == "a b c d e"


@pytest.mark.semantics(15)
@given(ANY_TEXT)
def test_plain_text_can_be_encoded(text: str) -> None:
    assert make_plain(text).encode().decode() == make_plain(text)
    assert make_plain(make_plain(text)) == make_plain(text)


@pytest.mark.semantics(15)
def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_is_joined() -> None:
    assert encode("a\ud800b \ud83d\ude00") == "a\ufffdb \U0001f600".encode()
