"""What is said of a check that does not run now."""

from __future__ import annotations

import pytest

from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.budget import StoredResult
from allgreen.health.budgets.reservation import Refusal
from allgreen.health.frequency import Frequency

HOUR = 3600.0
DAY = 24 * HOUR
NOON = 20_000 * DAY + DAY / 2
MIDNIGHT = NOON + DAY / 2
PASSED = StoredResult(
    verdict=CheckVerdict.PASSED,
    status=HealthStatus.HEALTHY,
    message="",
    at=NOON - 3 * HOUR,
    duration_ms=1,
)


def refusal(text: str = "2 times per day", **given: object) -> Refusal:
    options = {"last": PASSED, "next_at": MIDNIGHT, **given}
    return Refusal(frequency=Frequency.parse(text), **options)  # type: ignore[arg-type]  # tests


@pytest.mark.semantics(40)
def test_it_says_when_it_ran_and_when_it_runs_next() -> None:
    assert refusal().describe(NOON) == "Ran 3 h ago. Runs 2 times per day. Next at 00:00 UTC."


@pytest.mark.semantics(40)
def test_a_day_that_is_not_the_next_is_named() -> None:
    said = refusal("once per week", next_at=NOON + 4 * DAY).describe(NOON)

    assert said == "Ran 3 h ago. Runs once per week. Next on 2024-10-08 at 12:00 UTC."


@pytest.mark.semantics(40)
def test_a_zone_has_times_of_its_own() -> None:
    said = refusal("once per day in Asia/Kolkata").describe(NOON)

    assert said.endswith("Next at 05:30 Asia/Kolkata.")


@pytest.mark.semantics(37)
@pytest.mark.parametrize(
    ("is_alive", "words"), [(False, "did not finish"), (True, "has not finished yet")]
)
def test_a_run_without_a_result_is_named(is_alive: bool, words: str) -> None:
    said = refusal(
        last=None, unfinished_at=NOON - 61, is_unfinished_alive=is_alive, reason="For a reason."
    ).describe(NOON)

    assert said == (
        f"It has no result yet. A run that began at 11:58:59 UTC {words}. For a reason. "
        "Runs 2 times per day. Next at 00:00 UTC."
    )


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (HOUR, "1 h"),
        (DAY - 1, "23 h"),
        (9 * DAY, "9 d"),
    ],
)
def test_ages_are_rounded_down(seconds: float, age: str) -> None:
    assert refusal().describe(PASSED.at + seconds).startswith(f"Ran {age} ago.")
