"""How many runs a period has left, whatever the clock does."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.budget import (
    Budget,
    Mark,
    Spent,
    StoredResult,
    find_last_chance,
    merge,
    spend,
)
from allgreen.health.frequency import Frequency

HOUR = 3600.0
DAY = 24 * HOUR
NOON = 20_000 * DAY + DAY / 2
TWICE_A_DAY = Frequency.parse("2 times per day")


def mark(at: float, number: int = 0) -> Mark:
    return Mark(id=f"run-{at}-{number}", pid=7, boot="today", at=at)


def result(at: float, verdict: CheckVerdict = CheckVerdict.PASSED) -> StoredResult:
    return StoredResult(
        verdict=verdict,
        status=verdict.health(),
        message="38 is less than 500",
        at=at,
        duration_ms=1.5,
    )


def spent(budget: Budget, at: float, **options: Any) -> Spent:
    return spend(budget, TWICE_A_DAY, mark(at), **options)


def used_up(at: float, last: StoredResult | None = None) -> Budget:
    return Budget(used=2, latest=at, last=last)


def test_a_fresh_budget_grants_the_limit_and_no_more() -> None:
    first = spent(Budget(), NOON)
    second = spent(first.budget, NOON + 1)
    third = spent(second.budget, NOON + 2)

    assert [first.is_granted, second.is_granted, third.is_granted] == [True, True, False]
    assert third.budget == second.budget
    assert third.next_at == NOON + DAY / 2


@pytest.mark.semantics(40)
def test_the_next_period_has_a_budget_of_its_own() -> None:
    assert not spent(used_up(NOON), NOON + DAY / 2 - 0.001).is_granted

    after_midnight = spent(used_up(NOON), NOON + DAY / 2)

    assert after_midnight.is_granted
    assert after_midnight.budget.used == 1


@pytest.mark.semantics(40)
@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29T00:00+01:00", 23), ("2026-10-25T00:00+02:00", 25)]
)
def test_a_day_is_as_long_as_its_zone_says(day: str, hours: int) -> None:
    from datetime import datetime

    rome = Frequency.parse("2 times per day in Europe/Rome")
    midnight = datetime.fromisoformat(day).timestamp()
    full = Budget(used=2, latest=midnight)

    assert not spend(full, rome, mark(midnight + hours * HOUR - 1)).is_granted
    assert spend(full, rome, mark(midnight + hours * HOUR)).is_granted


# Clocks that are set back -------------------------------------------------------------------------


@pytest.mark.semantics("L14")
def test_a_clock_that_is_set_back_within_the_period_changes_nothing() -> None:
    assert spent(Budget(used=1, latest=NOON), NOON - HOUR).is_granted
    assert not spent(used_up(NOON), NOON - HOUR).is_granted
    assert spent(Budget(used=1, latest=NOON), NOON - HOUR).budget.latest == NOON


@pytest.mark.semantics("L14")
def test_a_clock_that_is_set_back_over_midnight_waits_for_the_period_it_has_seen() -> None:
    after = Budget(used=1, latest=NOON + DAY / 2 + 10)

    before_midnight = spent(after, NOON + DAY / 2 - 10)
    after_midnight = spent(after, NOON + DAY / 2 + 5)

    assert not before_midnight.is_granted
    assert before_midnight.reason == "The clock was set back."
    assert before_midnight.next_at == NOON + DAY / 2
    assert before_midnight.budget == after
    assert after_midnight.is_granted
    assert after_midnight.budget.used == 2


@pytest.mark.semantics("L14")
def test_a_clock_that_was_far_ahead_is_forgotten_with_the_next_period() -> None:
    from_next_century = used_up(NOON + 36_500 * DAY)

    today = spent(from_next_century, NOON)
    tomorrow = spent(today.budget, NOON + DAY)

    assert not today.is_granted
    assert today.next_at == NOON + DAY / 2
    assert tomorrow.is_granted


@pytest.mark.semantics("L14")
@given(
    st.lists(st.floats(-2, 2), max_size=60),
    st.sampled_from(["2 times per day", "once per hour", "every 2 minutes", "5 times per week"]),
)
def test_no_period_has_more_than_its_limit_by_any_clock(steps: list[float], text: str) -> None:
    frequency = Frequency.parse(text)
    length = frequency.period_of(0)[1] - frequency.period_of(0)[0]
    budget, now, granted = Budget(), NOON, Counter[float]()
    highest = frequency.period_of(NOON)[1]

    for number, step in enumerate(steps):
        # Never back by so much that the clock of before is not believed any more.
        now = max(now + step * length, highest - 2 * length)
        highest = max(highest, frequency.period_of(now)[1])
        outcome = spend(budget, frequency, mark(now, number))
        budget = outcome.budget
        granted[frequency.period_of(now)[0]] += outcome.is_granted

    assert max(granted.values(), default=0) <= frequency.limit


@given(st.lists(st.floats(0, 60 * DAY), max_size=40))
def test_a_week_after_any_mischief_of_the_clock_it_runs_again(times: list[float]) -> None:
    budget = Budget()
    for number, at in enumerate(times):
        budget = spend(budget, TWICE_A_DAY, mark(at, number)).budget

    first, second = (spend(budget, TWICE_A_DAY, mark(at)) for at in (70 * DAY, 71 * DAY))

    assert first.is_granted or second.is_granted


# Other frequencies and failures -------------------------------------------------------------------


def test_runs_of_an_earlier_definition_count_in_the_period_that_holds_the_latest() -> None:
    hourly = Frequency.parse("4 times per hour")

    assert spend(Budget(used=2, latest=NOON), hourly, mark(NOON + 60)).budget.used == 3
    assert spend(Budget(used=2, latest=NOON), hourly, mark(NOON + HOUR)).budget.used == 1


@pytest.mark.semantics(40)
def test_a_failure_can_be_tried_again_earlier() -> None:
    failed = used_up(NOON, result(NOON, CheckVerdict.FAILED))

    too_early = spent(failed, NOON + 59, retry_failures_after_s=60)
    in_time = spent(failed, NOON + 60, retry_failures_after_s=60)
    again = spent(in_time.budget, NOON + 61, retry_failures_after_s=60)

    assert not too_early.is_granted
    assert too_early.next_at == NOON + 60
    assert in_time.is_granted
    assert not again.is_granted
    assert again.next_at == NOON + 120


@pytest.mark.semantics(40)
def test_what_passed_is_not_tried_again_earlier() -> None:
    options = {"retry_failures_after_s": 60.0}

    assert not spent(used_up(NOON, result(NOON)), NOON + HOUR, **options).is_granted
    assert not spent(used_up(NOON), NOON + HOUR, **options).is_granted
    assert not spent(used_up(NOON, result(NOON, CheckVerdict.ERROR)), NOON + HOUR).is_granted


def test_what_cannot_be_read_grants_one_run() -> None:
    budget = find_last_chance(TWICE_A_DAY, NOON)

    first = spent(budget, NOON)

    assert first.is_granted
    assert not spent(first.budget, NOON + 1).is_granted
    assert spent(first.budget, NOON + DAY).budget.used == 1


# Runs without a result ----------------------------------------------------------------------------


@pytest.mark.semantics(37)
def test_a_run_without_a_result_leaves_the_one_before() -> None:
    before = Budget(used=1, latest=NOON, last=result(NOON))

    taken = spent(before, NOON + 1).budget

    assert taken.last == before.last
    assert taken.open == (mark(NOON + 1),)


def test_a_result_closes_its_run_and_those_that_are_gone() -> None:
    gone, alive, ours = mark(1), mark(2), mark(3)
    budget = Budget(used=2, latest=3, open=(gone, alive, ours))

    settled = budget.settled(ours, result(3), [gone])

    assert settled.open == (alive,)
    assert settled.last == result(3)


def test_an_older_result_does_not_replace_a_newer_one() -> None:
    budget = Budget(last=result(10))

    assert budget.settled(mark(5), result(5), []).last == result(10)


def test_at_most_sixteen_runs_are_remembered_as_open() -> None:
    budget = Budget()
    for number in range(100):
        budget = budget.taking(mark(number))

    assert [each.at for each in budget.open] == [*range(84, 100)]


# Two that were kept apart -------------------------------------------------------------------------


def test_merging_takes_the_larger_count_of_the_latest_period() -> None:
    yesterday, today = Budget(used=2, latest=NOON - DAY), Budget(used=1, latest=NOON)

    assert merge(yesterday, today, TWICE_A_DAY).used == 1
    assert merge(used_up(NOON - 60), today, TWICE_A_DAY) == used_up(NOON)
    assert merge(Budget(), Budget(), TWICE_A_DAY) == Budget()
    assert merge(Budget(), today, TWICE_A_DAY) == today


def test_merging_takes_the_newer_result() -> None:
    ours, theirs = used_up(NOON, result(2)), used_up(NOON, result(3))

    assert merge(ours, theirs, TWICE_A_DAY).last == result(3)
    assert merge(theirs, replace(ours, last=None), TWICE_A_DAY).last == result(3)


# As it is stored ----------------------------------------------------------------------------------

FULL = Budget(
    used=2,
    latest=NOON,
    open=(mark(NOON),),
    last=StoredResult(
        verdict=CheckVerdict.FAILED,
        status=HealthStatus.DEGRADED,
        message="ünï \ud800",
        at=NOON,
        duration_ms=0.25,
        ending=Ending.TIMED_OUT,
    ),
)


@pytest.mark.semantics(40)
@pytest.mark.parametrize(
    "budget", [FULL, Budget(), used_up(NOON, result(NOON, CheckVerdict.SKIPPED))]
)
def test_what_is_stored_can_be_read_again(budget: Budget) -> None:
    assert Budget.from_json(json.loads(json.dumps(budget.to_json()))) == budget


def test_a_long_message_is_cut() -> None:
    long = replace(result(NOON), message="x" * 10_000)

    assert len(str(long.to_json()["message"])) == 2000


BAD: list[tuple[str, object]] = [
    *[
        ("used", -1),
        ("used", 1.5),
        ("used", True),
        ("used", None),
        ("used", "2"),
        ("used", 10**400),
    ],
    *[("latest", -1), ("latest", float("nan")), ("latest", float("inf")), ("latest", True)],
    *[("latest", "now"), ("latest", 1e300), ("latest", 10**400)],
    *[("open", None), ("open", {}), ("open", [1]), ("open", ["a"]), ("open", [{"id": 1}])],
    *[("last", 1), ("last", "x"), ("last", []), ("last", {})],
]


@pytest.mark.parametrize(
    ("name", "value"), BAD, ids=[f"{name} is {str(value)[:9]}" for name, value in BAD]
)
def test_anything_else_is_refused(name: str, value: object) -> None:
    stored = FULL.to_json() | {name: value}

    with pytest.raises((TypeError, ValueError, LookupError, ArithmeticError)):
        Budget.from_json(stored)


@pytest.mark.parametrize(
    ("name", "value"),
    [("verdict", "green"), ("status", "fine"), ("message", 1), ("at", None), ("ending", "")],
)
def test_a_result_of_other_words_is_refused(name: str, value: object) -> None:
    assert FULL.last is not None
    stored = FULL.last.to_json() | {name: value}

    with pytest.raises((TypeError, ValueError)):
        StoredResult.from_json(stored)
