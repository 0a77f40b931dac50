"""Phrases say the same thing that was measured, and never what a stranger made of them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allgreen.domain.status import DayGrade
from allgreen.notifiers import wording

NOW = datetime(2026, 4, 17, 23, 30, tzinfo=UTC)
TODAY = date(2026, 4, 17)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("Payments webhook", "Payments webhook"),
        ("a\r\nBcc: victim@x.example", "a Bcc: victim@x.example"),
        ("a\u2028b\u0085c", "a b c"),
        ("\u202eevil\u2066", "evil"),
        ("\ud800lone", "lone"),
        ("  many   blanks\t", "many blanks"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\x00", ""),
    ],
    ids=["plain", "header", "line ends", "bidi", "surrogate", "blanks", "joiner", "NUL"],
)
def test_foreign_text_is_one_harmless_line(given_text: str, shown: str) -> None:
    assert wording.plain(given_text) == shown


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert wording.plain("a" * 90, longest=80) == "a" * 79 + "…"


@settings(deadline=None)
@given(st.text())
def test_plain_text_stays_as_it_is_when_made_plain_again(text: str) -> None:
    once = wording.plain(text)

    assert wording.plain(once) == once
    assert len(once) <= wording.LONGEST_TEXT


@pytest.mark.parametrize(
    ("zone", "instant", "shown"),
    [
        ("UTC", datetime(2026, 4, 17, 23, 18, tzinfo=UTC), "23:18 UTC"),
        ("Europe/Rome", datetime(2026, 4, 17, 22, 5, tzinfo=UTC), "00:05 CEST"),
        ("America/Sao_Paulo", datetime(2026, 4, 17, 23, 18, tzinfo=UTC), "20:18 UTC-03"),
        ("UTC", datetime(2026, 4, 9, 3, 0, tzinfo=UTC), "03:00 UTC on 9\u00a0April"),
        ("UTC", datetime(2025, 12, 31, 3, 0, tzinfo=UTC), "03:00 UTC on 31\u00a0December 2025"),
    ],
    ids=["today", "summer time", "zone without letters", "another day", "another year"],
)
def test_times_name_their_zone(zone: str, instant: datetime, shown: str) -> None:
    assert wording.clock_time(instant, ZoneInfo(zone), NOW) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=-5), "less than 1 s"),
        (timedelta(milliseconds=300), "less than 1 s"),
        (timedelta(seconds=8), "8 s"),
        (timedelta(minutes=12, seconds=26), "12 min 26 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, seconds=9), "2 h"),
        (timedelta(days=2, hours=4, minutes=59), "2 d 4 h"),
    ],
    ids=["clock set back", "an instant", "seconds", "minutes", "whole hours", "hours", "days"],
)
def test_durations_show_their_two_largest_units(length: timedelta, shown: str) -> None:
    assert wording.duration(length).replace(wording.NBSP, " ") == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, ""),
        (1, ""),
        (2, "twice in a row"),
        (3, "three times in a row"),
        (11, "11 times in a row"),
    ],
)
def test_repetition_is_said_in_words(count: int, shown: str) -> None:
    assert wording.times_in_a_row(count) == shown


@pytest.mark.parametrize(("count", "shown"), [(0, ""), (1, "1 other"), (2, "2 others")])
def test_others_are_counted_and_not_named(count: int, shown: str) -> None:
    assert wording.others(count) == shown


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("u" * 14, "14 healthy"),
        ("nnuuuuuupuuuud", "10 healthy, 2 without data, 12 April partly down, today a wobble"),
        ("uuuuuuuuuuummm", "11 healthy, 3 in maintenance"),
        ("xxxxxxuuuuuuud", "7 healthy, 1 a wobble, 6 mostly down"),
    ],
    ids=["all well", "named days", "maintenance", "many bad days"],
)
def test_strip_is_told_to_those_who_do_not_see_it(letters: str, words: str) -> None:
    grades = [DayGrade(letter) for letter in letters]

    assert wording.strip_in_words(grades, TODAY).replace(wording.NBSP, " ") == words


def test_a_name_cannot_become_a_link() -> None:
    unlinked = wording.unlinked("win https://evil.example or ask@evil.example")

    assert "https:/" not in unlinked
    assert "evil.e" not in unlinked
    assert unlinked.replace("\u200c", "") == "win https://evil.example or ask@evil.example"
