"""Results that no check has given say what happened instead, and never that all is well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from allgreen.domain.report import NO_METADATA, CheckResult, Ending, Evidence
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.expectation import Expectation
from allgreen.health.running import findings
from allgreen.health.running.findings import conclude, find_passed
from allgreen.health.running.isolation import PASSED as PASSES
from allgreen.health.running.isolation import Answer
from tests.unit.health.executions import OFFSET, a_cell, a_result, an_execution

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


def ended(answer: Answer = PASSES, *, took_s: float = 1.0, **options: Any) -> CheckResult:
    return conclude(an_execution(a_cell(**options)), answer, took_s, OFFSET)


# What comes of an answer --------------------------------------------------------------------------


def test_a_result_says_when_the_run_began_and_how_long_it_took() -> None:
    result = ended(took_s=1.5)

    assert result.checked_at == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert (result.duration_ms, result.finished) == (1500.0, 1.5)


@pytest.mark.semantics(8)
@pytest.mark.parametrize(
    ("verdict", "critical", "other"),
    [
        (PASSED, HEALTHY, HEALTHY),
        (FAILED, UNHEALTHY, DEGRADED),
        (ERROR, UNHEALTHY, DEGRADED),
        (SKIPPED, None, None),
    ],
)
@pytest.mark.semantics(9)
def test_what_is_not_critical_is_degraded_at_most(
    verdict: CheckVerdict, critical: HealthStatus | None, other: HealthStatus | None
) -> None:
    answer = Answer(verdict=verdict)

    assert ended(answer).status is critical
    assert ended(answer, is_critical=False).status is other


@pytest.mark.semantics(8, 9)
def test_a_status_of_the_check_itself_is_kept() -> None:
    def said(status: HealthStatus, *, is_critical: bool) -> HealthStatus | None:
        answer = Answer(verdict=CheckVerdict.of(status), status=status)
        return ended(answer, is_critical=is_critical).status

    assert [said(status, is_critical=True) for status in HealthStatus] == list(HealthStatus)
    assert [said(status, is_critical=False) for status in HealthStatus] == [
        HEALTHY,
        DEGRADED,
        DEGRADED,
    ]


def test_evidence_and_measurements_are_kept() -> None:
    evidence = Evidence(expected="1", actual="2")
    result = ended(Answer(verdict=FAILED, message="no", evidence=evidence, metadata={"a": 1}))

    assert (result.message, result.evidence, result.metadata) == ("no", evidence, {"a": 1})


@pytest.mark.semantics("L7")
def test_what_took_too_long_has_failed_whatever_it_says() -> None:
    result = ended(took_s=2.1, timeout_s=2.0)

    assert (result.verdict, result.ending) == (FAILED, Ending.TIMED_OUT)
    assert result.message == "Took longer than its timeout of 2 s"


def test_what_took_just_as_long_as_it_may_is_in_time() -> None:
    assert ended(took_s=2.0, timeout_s=2.0).verdict is PASSED


@pytest.mark.semantics(21)
def test_what_has_no_limit_may_take_a_day() -> None:
    assert ended(took_s=86_400.0, timeout_s=None).verdict is PASSED


@pytest.mark.semantics(24)
def test_time_in_which_another_check_blocked_the_loop_does_not_count() -> None:
    execution = an_execution(a_cell(timeout_s=2.0))
    execution.lost_s = 3.0

    assert conclude(execution, PASSES, 4.0, OFFSET).verdict is PASSED
    assert conclude(execution, PASSES, 5.5, OFFSET).verdict is FAILED


@pytest.mark.semantics(24)
def test_who_blocked_the_loop_is_named() -> None:
    execution = an_execution()
    execution.blocked_s = 3.04

    assert conclude(execution, PASSES, 4.0, OFFSET).note == (
        "Kept the event loop from turning for 3.0 s"
    )


@pytest.mark.semantics(2)
def test_an_expectation_without_a_matcher_makes_the_check_an_error() -> None:
    execution = an_execution()
    execution.await_assertion(Expectation(5))

    result = conclude(execution, PASSES, 1.0, OFFSET)

    assert (result.verdict, result.ending) == (ERROR, Ending.MISCONFIGURED)
    assert result.message == "An expectation was never asserted: expect(5) has no matcher."


def test_a_failure_says_nothing_of_expectations() -> None:
    execution = an_execution()
    execution.await_assertion(Expectation(5))

    assert conclude(execution, Answer(verdict=FAILED, message="no"), 1.0, OFFSET).message == "no"


@pytest.mark.semantics(6)
def test_a_success_says_what_it_saw() -> None:
    execution = an_execution()
    execution.said = [f"{number} is less than 9" for number in range(7)]

    message = conclude(execution, PASSES, 1.0, OFFSET).message

    assert message == "; ".join([*execution.said[:5], "and 2 more"])


def test_a_message_of_the_check_comes_before_what_held() -> None:
    execution = an_execution()
    execution.said = ["1 equals 1"]
    answer = Answer(verdict=PASSED, message="All is well")

    assert conclude(execution, answer, 1.0, OFFSET).message == "All is well"


@pytest.mark.semantics(57, "L11")
def test_what_held_is_said_without_secrets() -> None:
    result = find_passed(a_cell().label, ["password=hunter2 is set"], 0.0, 1.0, OFFSET)

    assert result.message == "password=*** is set"


@pytest.mark.parametrize("said", [(), ["1 equals 1", "2 equals 2"]])
def test_the_short_way_to_a_result_leads_to_the_same(said: list[str]) -> None:
    execution = an_execution()
    execution.said = said

    long = conclude(execution, PASSES, 1.25, OFFSET)

    short = find_passed(execution.cell.label, said, 0.0, 1.25, OFFSET)
    assert short == long
    assert type(short) is CheckResult


# What is found instead of an answer ---------------------------------------------------------------


@pytest.mark.semantics(19)
def test_what_still_runs_says_since_when() -> None:
    result = findings.find_still_running(an_execution(), 75.0, OFFSET)

    assert (result.verdict, result.ending) == (FAILED, Ending.STILL_RUNNING)
    assert result.message == (
        "Still running since 12:00:00 UTC, for 75 s; it is not run again before that has ended"
    )


def test_what_still_runs_and_has_not_begun_runs_since_now() -> None:
    execution = an_execution(begun=None)

    assert findings.find_still_running(execution, 5.0, OFFSET).duration_ms == 0.0
    assert findings.find_overdue(execution, 5.0, OFFSET).duration_ms == 0.0


@pytest.mark.semantics(22)
def test_what_has_not_ended_in_time_says_for_how_long_it_ran() -> None:
    result = findings.find_unfinished(an_execution(), 2.0, OFFSET)

    assert (result.verdict, result.ending) == (FAILED, Ending.UNFINISHED)
    assert result.message == "Had not ended after 2.0 s, when the report was due"


@pytest.mark.semantics(20, 22)
def test_what_has_not_begun_in_time_says_that_it_waited() -> None:
    result = findings.find_unfinished(an_execution(begun=None), 2.0, OFFSET)

    assert (result.verdict, result.ending, result.duration_ms) == (FAILED, Ending.QUEUED, 0.0)
    assert result.message == (
        "Waited 2.0 s for its turn, and had not begun when the report was due"
    )


@pytest.mark.semantics(49)
def test_what_is_blocked_names_the_root() -> None:
    database = a_result(FAILED, cell=a_cell())
    cache = findings.find_blocked(a_cell(), database, 1.0, OFFSET)

    page = findings.find_blocked(a_cell(), cache, 1.0, OFFSET)

    assert (page.verdict, page.status, page.ending) == (SKIPPED, None, Ending.BLOCKED)
    assert cache.message == page.message == "Blocked by disk"


@pytest.mark.semantics(31)
def test_what_is_too_old_has_failed_and_keeps_what_it_was() -> None:
    result = findings.find_stale(a_result(PASSED, message="fine"), 90.0, 60.0)

    assert (result.verdict, result.status, result.ending) == (FAILED, UNHEALTHY, Ending.STALE)
    assert (result.is_stale, result.raw_verdict) == (True, PASSED)
    assert result.message == "Its latest result is 90 s old, and counts for 60 s"


@pytest.mark.parametrize(
    ("found", "verdict", "ending"),
    [
        (findings.find_not_meant(a_cell(), "Not here", 1.0, OFFSET), SKIPPED, Ending.NOT_MEANT),
        (findings.find_itself(a_cell(), 1.0, OFFSET), ERROR, Ending.MISCONFIGURED),
        (findings.find_unreachable(a_cell(), 1.0, OFFSET), ERROR, Ending.MISCONFIGURED),
        (findings.find_not_run(a_cell(), "No thread", 1.0, OFFSET), ERROR, Ending.RAISED),
        (findings.find_not_yet(a_cell(), 1.0, OFFSET), ERROR, Ending.QUEUED),
        (findings.find_misconfigured("n", "A circle", 1.0, OFFSET), ERROR, Ending.MISCONFIGURED),
    ],
    ids=["not meant", "itself", "unreachable", "not run", "not yet", "misconfigured"],
)
def test_what_was_not_run_is_never_good(
    found: CheckResult, verdict: CheckVerdict, ending: Ending
) -> None:
    assert (found.verdict, found.ending, found.duration_ms) == (verdict, ending, 0.0)
    assert found.status is not HEALTHY
    assert found.message
    assert found.metadata is NO_METADATA
