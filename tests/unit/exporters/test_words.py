"""Small phrases: numbers, durations, ages, and the sentence that counts the checks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from allgreen.domain.report import CheckResult, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.exporters.standing import Standing, describe
from allgreen.exporters.words import (
    describe_age,
    describe_duration,
    describe_limit,
    format_day,
    format_instant,
    format_time_of_day,
    number_in_words,
)
from tests.unit.exporters.reports import failed, report, result, skipped

SOFT = failed("soft", is_critical=False)


@pytest.mark.parametrize(
    ("results", "sentence", "in_digits"),
    [
        ([], "No checks are registered.", "No checks are registered."),
        ([result()], "The only check passes.", "The only check passes."),
        ([failed()], "The only check fails.", "The only check fails."),
        ([SOFT], "The only check is degraded.", "The only check is degraded."),
        ([skipped()], "The only check is skipped.", "The only check is skipped."),
        ([result()] * 2, "Both checks pass.", "Both checks pass."),
        ([result()] * 9, "All nine checks pass.", "All 9 checks pass."),
        ([failed()] * 3, "All three checks fail.", "All 3 checks fail."),
        ([failed()] * 2 + [result()] * 7, "Two of nine checks fail.", "2 of 9 checks fail."),
        ([failed(), result()], "One of two checks fails.", "1 of 2 checks fails."),
        ([SOFT, result()], "One of two checks is degraded.", "1 of 2 checks is degraded."),
        ([SOFT] * 2 + [result()], "Two of three checks are degraded.", "2 of 3 checks are degraded."),
        ([SOFT, failed(), result()], "One of three checks fails.", "1 of 3 checks fails."),
        ([result(), skipped()], "One check passes, one is skipped.", "1 check passes, 1 is skipped."),
        (
            [result()] * 8 + [skipped()] * 2,
            "Eight checks pass, two are skipped.",
            "8 checks pass, 2 are skipped.",
        ),
        ([skipped()] * 3, "All three checks are skipped.", "All 3 checks are skipped."),
        ([result()] * 13, "All 13 checks pass.", "All 13 checks pass."),
        ([result()] * 1500, "All 1,500 checks pass.", "All 1,500 checks pass."),
    ],
)  # fmt: skip
def test_one_sentence_counts_the_checks(
    results: list[CheckResult], sentence: str, in_digits: str
) -> None:
    assert describe(report(*results)) == sentence
    assert describe(report(*results), in_digits=True) == in_digits


def test_a_report_that_is_empty_for_another_reason_says_so() -> None:
    starting = Report(
        results=(), status=HealthStatus.UNHEALTHY, at=0, made=0, duration_ms=0,
        problem="No check has run yet.",
    )  # fmt: skip

    assert describe(starting) == "No check has run yet."


@pytest.mark.semantics(9)
@pytest.mark.parametrize("verdict", CheckVerdict)
@pytest.mark.parametrize("status", [*HealthStatus, None])
def test_nothing_that_failed_stands_among_the_passing(
    verdict: CheckVerdict, status: HealthStatus | None
) -> None:
    standing = Standing.of(result(verdict=verdict, status=status))

    is_bad = verdict in (CheckVerdict.FAILED, CheckVerdict.ERROR)
    is_green = verdict is CheckVerdict.PASSED and status in (HealthStatus.HEALTHY, None)
    assert (standing is Standing.PASSING) is is_green
    assert (standing is Standing.FAILING) is (status is HealthStatus.UNHEALTHY)
    assert not is_bad or standing in (Standing.FAILING, Standing.DEGRADED)


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "0 ms"),
        (-1, "0 ms"),
        (0.6, "1 ms"),
        (312.4, "312 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (5030, "5.03 s"),
        (5000, "5 s"),
        (12_345, "12.3 s"),
        (59_940, "59.9 s"),
        (59_960, "1 min"),
        (125_000, "2 min 5 s"),
        (3_600_000, "1 h"),
        (3_659_000, "1 h"),
        (100_000_000, "1 d 3 h"),
        (float("nan"), "an unknown time"),
        (float("inf"), "an unknown time"),
    ],
)
def test_durations_are_short(milliseconds: float, shown: str) -> None:
    assert describe_duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(5003, "5 s"), (252, "250 ms"), (1530, "1.5 s"), (0, "0 ms"), (61_000, "1 min 1 s")],
)
def test_a_little_more_than_a_limit_is_the_limit(milliseconds: float, shown: str) -> None:
    assert describe_limit(milliseconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (7199, "1 h"),
        (86_400 * 1000, "1,000 d"),
        (float("inf"), "an unknown time"),
    ],
)
def test_ages_are_never_rounded_up(seconds: float, shown: str) -> None:
    assert describe_age(seconds) == shown


def test_times_are_those_of_utc() -> None:
    instant = datetime(2026, 4, 14, 21, 4, 5, 678_000, tzinfo=UTC)

    assert format_instant(instant.timestamp()) == "2026-04-14T21:04:05.678Z"
    assert format_day(instant.date()) == "14 April 2026"
    assert format_time_of_day(instant, instant.date()) == "21:04"
    assert format_time_of_day(instant, date(2026, 4, 15)) == "14 April, 21:04"


@pytest.mark.parametrize(("number", "word"), [(0, "no"), (1, "one"), (12, "twelve"), (13, "13")])
def test_numbers_up_to_twelve_are_words(number: int, word: str) -> None:
    assert number_in_words(number) == word
