"""The breaker: it opens, waits, tries once, and never makes an outage look like health."""

from __future__ import annotations

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.checker.breaker import Breaker, BreakerState
from tests.unit.health.clocks import StillClock

GOOD = ComponentStatus("upstream", HealthStatus.HEALTHY)
BAD = ComponentStatus("upstream", HealthStatus.UNHEALTHY, "No answer")
SLOW = ComponentStatus("upstream", HealthStatus.DEGRADED, "Slow")


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def breaker(clock: StillClock) -> Breaker:
    return Breaker(failures=3, cool_down_s=30, clock=clock)


def fail(breaker: Breaker, times: int = 3) -> None:
    for _ in range(times):
        assert breaker.admit()
        breaker.record(BAD)


def test_it_lets_calls_through_while_all_is_well(breaker: Breaker) -> None:
    breaker.record(GOOD)

    assert breaker.state is BreakerState.CLOSED
    assert breaker.admit()


def test_the_third_failure_in_a_row_opens_it(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.admit()

    breaker.record(BAD)

    assert breaker.state is BreakerState.OPEN
    assert not breaker.admit()


def test_a_success_between_failures_begins_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.record(GOOD)

    fail(breaker, 2)

    assert breaker.state is BreakerState.CLOSED


def test_an_answer_that_is_only_degraded_is_no_failure(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.record(SLOW)

    assert breaker.state is BreakerState.CLOSED


def test_a_timeout_counts_as_a_failure_although_it_is_called_degraded(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.record(SLOW, is_failure=True)

    assert breaker.state is BreakerState.OPEN


def test_after_the_cool_down_one_call_is_let_through(breaker: Breaker, clock: StillClock) -> None:
    fail(breaker)
    clock.advance(30)

    assert breaker.state is BreakerState.HALF_OPEN
    assert [breaker.admit(), breaker.admit()] == [True, False]


def test_it_closes_when_that_call_is_good(breaker: Breaker, clock: StillClock) -> None:
    fail(breaker)
    clock.advance(30)
    breaker.admit()

    breaker.record(GOOD)

    assert breaker.state is BreakerState.CLOSED


def test_it_stays_open_when_that_call_fails(breaker: Breaker, clock: StillClock) -> None:
    fail(breaker)
    clock.advance(30)
    breaker.admit()

    breaker.record(BAD)

    assert not breaker.admit()
    clock.advance(30)
    assert breaker.admit()


def test_a_call_that_was_cancelled_lets_the_next_one_try(
    breaker: Breaker, clock: StillClock
) -> None:
    fail(breaker)
    clock.advance(30)
    breaker.admit()

    breaker.release()

    assert breaker.admit()


def test_a_call_that_never_ends_does_not_keep_it_open_for_ever(
    breaker: Breaker, clock: StillClock
) -> None:
    fail(breaker)
    clock.advance(30)
    breaker.admit()

    clock.advance(30)

    assert breaker.admit()


def test_releasing_what_is_closed_changes_nothing(breaker: Breaker) -> None:
    breaker.release()

    assert breaker.state is BreakerState.CLOSED


def test_what_is_not_asked_keeps_its_last_bad_status(breaker: Breaker, clock: StillClock) -> None:
    fail(breaker)
    clock.advance(10)

    told = breaker.describe("search")

    assert (told.name, told.status) == ("search", HealthStatus.UNHEALTHY)
    assert told.message == "No answer; not asked again until 12:00:30 UTC"


def test_a_clock_that_is_set_back_does_not_keep_it_open(
    breaker: Breaker, clock: StillClock
) -> None:
    fail(breaker)
    clock.jump(-3600)

    assert breaker.describe("search").message.endswith("until 11:00:30 UTC")
    clock.advance(30)
    assert breaker.admit()


def test_it_never_calls_healthy_what_failed(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.record(GOOD, is_failure=True)

    assert breaker.describe("search").status is HealthStatus.DEGRADED


def test_without_any_failure_nothing_is_known(breaker: Breaker) -> None:
    assert breaker.describe("search").status is HealthStatus.DEGRADED


@pytest.mark.parametrize("failures", [0, -1])
def test_it_needs_at_least_one_failure(failures: int) -> None:
    with pytest.raises(SettingsError, match="failures"):
        Breaker(failures=failures)


@pytest.mark.parametrize("cool_down_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cool_down_is_a_number_of_seconds(cool_down_s: float) -> None:
    with pytest.raises(SettingsError, match="cool_down_s"):
        Breaker(cool_down_s=cool_down_s)
