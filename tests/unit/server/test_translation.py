"""Between the form and the domain: periods in whole units, addresses without secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.server.catalog.mistakes import Problems
from allgreen.server.catalog.options import show_address
from allgreen.server.catalog.schemas import Period, PeriodUnit
from allgreen.server.catalog.translation import read_period, show_period

ONE_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("every", "shown"),
    [
        (timedelta(seconds=1), "1 seconds"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(minutes=15), "15 minutes"),
        (timedelta(minutes=60), "1 hours"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=1), "1 days"),
        (timedelta(days=7), "7 days"),
        (timedelta(days=14), "2 weeks"),
        (timedelta(weeks=52), "52 weeks"),
    ],
    ids=str,
)
def test_a_period_is_shown_in_the_largest_unit_that_fits_whole(
    every: timedelta, shown: str
) -> None:
    period = show_period(every)

    assert f"{period.every} {period.unit}" == shown


@given(st.integers(min_value=1, max_value=52 * 7 * 86_400))
def test_a_period_that_is_shown_reads_back_as_the_same(seconds: int) -> None:
    every, problems = timedelta(seconds=seconds), Problems()

    assert read_period(show_period(every), shortest=ONE_SECOND, problems=problems) == every
    assert problems.found == []


@given(st.integers(min_value=1, max_value=10**9), st.sampled_from(PeriodUnit))
def test_whatever_is_typed_gives_a_period_or_a_problem(every: int, unit: PeriodUnit) -> None:
    problems = Problems()

    read = read_period(Period(every=every, unit=unit), shortest=ONE_SECOND, problems=problems)

    assert ONE_SECOND <= read <= timedelta(weeks=52)
    assert len(problems.found) <= 1


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://api.example.org/health", "api.example.org/health"),
        ("https://api.example.org/", "api.example.org"),
        ("http://127.0.0.1:9000/a/b/?key=secret#part", "127.0.0.1:9000/a/b"),
        ("https://ana:secret@example.org/x", "example.org/x"),
        ("https://[2001:db8::1]:8443/", "[2001:db8::1]:8443"),
    ],
)
def test_an_address_is_shown_without_scheme_user_and_query(url: str, address: str) -> None:
    assert show_address(url) == address
