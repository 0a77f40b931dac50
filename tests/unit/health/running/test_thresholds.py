"""A failure is reported once there were enough of them; the raw one is always there to be seen."""

from __future__ import annotations

from typing import Any

import pytest

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.running.execution import Cell
from allgreen.health.running.findings import find_blocked, find_still_running
from allgreen.health.running.thresholds import keep, keep_running
from tests.unit.health.executions import OFFSET, a_cell, a_result, an_execution

pytestmark = pytest.mark.semantics(63)

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
LETTERS = {"p": PASSED, "f": FAILED, "e": ERROR, "s": SKIPPED}


def reported(letters: str, *, every_s: float = 10.0, **options: Any) -> list[CheckResult]:
    """Return what is reported of runs that pass, fail, raise and are skipped, one after another."""
    cell = a_cell(**options)
    return [keep_at(cell, letter, number * every_s) for number, letter in enumerate(letters)]


def keep_at(cell: Cell, letter: str, at: float, *, is_repeat: bool = False) -> CheckResult:
    return keep(cell, a_result(LETTERS[letter], cell=cell, at=at), is_repeat=is_repeat)


def verdicts(results: list[CheckResult]) -> str:
    return "".join(result.verdict.value[0] for result in results)


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("pffff", "pppff"),
        ("pfef", "pppf"),
        ("pffpffp", "ppppppp"),
        ("pfffpf", "pppfpp"),
        ("fpf", "fpp"),
        ("e", "e"),
        ("sf", "sf"),
        ("psf", "psp"),
        ("pfsff", "ppspf"),
        ("pfffsf", "pppfsf"),
    ],
)
def test_three_failures_in_a_row_are_needed(letters: str, expected: str) -> None:
    assert verdicts(reported(letters, failures_to_report=3)) == expected


def test_one_failure_is_enough_by_default() -> None:
    assert verdicts(reported("pfp")) == "pfp"


def test_what_is_held_back_is_healthy_and_shows_the_raw_verdict() -> None:
    _, held = reported("pe", failures_to_report=3)

    assert (held.verdict, held.status, held.raw_verdict) == (PASSED, HealthStatus.HEALTHY, ERROR)
    assert held.note == "Failed once in 0 s; reported after 3 failures in a row"


def test_what_is_reported_has_no_other_verdict() -> None:
    assert reported("pf", failures_to_report=1)[1].raw_verdict is None


def test_a_failure_must_have_lasted() -> None:
    results = reported("pffff", every_s=10.0, seconds_to_report=30.0)

    assert verdicts(results) == "ppppf"
    assert results[2].note == "Failed 2 times in 10 s; reported after 30 s"


def test_both_are_needed_where_both_are_asked_for() -> None:
    results = reported("pffff", every_s=10.0, seconds_to_report=15.0, failures_to_report=2)

    assert verdicts(results) == "pppff"
    assert results[2].note.endswith("reported after 2 failures in a row and after 15 s")


def test_what_else_there_is_to_know_is_kept_beside_it() -> None:
    cell = a_cell(failures_to_report=2)
    keep_at(cell, "p", 0.0)

    held = keep(cell, a_result(FAILED, cell=cell)._replace(note="Kept the loop"))

    assert held.note.endswith("in a row; Kept the loop")


def test_what_is_skipped_neither_counts_nor_clears() -> None:
    cell = a_cell(failures_to_report=2)
    for at, letter in enumerate("pf"):
        keep_at(cell, letter, at)

    keep(cell, find_blocked(cell, a_result(FAILED), 2.0, OFFSET))

    assert cell.failures == 1
    assert keep_at(cell, "f", 3.0).verdict is FAILED


@pytest.mark.semantics(40)
def test_a_result_that_is_shown_again_counts_once() -> None:
    cell = a_cell(failures_to_report=2)
    keep_at(cell, "p", 0.0)
    keep_at(cell, "f", 1.0)

    again = [keep_at(cell, "f", 1.0, is_repeat=True) for _ in range(5)]
    other = keep_at(cell, "f", 2.0, is_repeat=True)

    assert verdicts(again) == "ppppp"
    assert other.verdict is FAILED


@pytest.mark.semantics(40)
def test_a_failure_of_before_a_restart_counts() -> None:
    cell = a_cell(failures_to_report=2)

    assert keep_at(cell, "f", 1.0, is_repeat=True).verdict is FAILED
    assert cell.failures == 1


# What hangs ---------------------------------------------------------------------------------------


def still_running(for_s: float, **options: Any) -> CheckResult:
    """Return what is reported of a check that passed, and then hangs for so long."""
    cell = a_cell(timeout_s=10.0, **options)
    keep_at(cell, "p", -1.0)
    keep(cell, a_result(FAILED, cell=cell, at=10.0, ending=Ending.TIMED_OUT))
    return keep_running(cell, find_still_running(an_execution(cell), for_s, OFFSET), 10.0)


@pytest.mark.semantics(19)
@pytest.mark.parametrize(("for_s", "verdict"), [(11.0, PASSED), (29.0, PASSED), (30.0, FAILED)])
def test_a_check_that_hangs_fails_once_for_each_time_it_could_have_run(
    for_s: float, verdict: CheckVerdict
) -> None:
    result = still_running(for_s, failures_to_report=3)

    assert result.verdict is verdict
    assert result.ending is Ending.STILL_RUNNING


@pytest.mark.parametrize(("for_s", "verdict"), [(69.0, PASSED), (70.0, FAILED)])
def test_a_check_that_hangs_fails_since_it_took_too_long(
    for_s: float, verdict: CheckVerdict
) -> None:
    assert still_running(for_s, seconds_to_report=60.0).verdict is verdict


def test_a_check_that_hangs_is_told_at_once_where_nothing_else_is_asked_for() -> None:
    assert still_running(11.0).verdict is FAILED


def test_without_a_limit_a_check_that_hangs_fails_once() -> None:
    cell = a_cell(failures_to_report=2)
    keep_at(cell, "p", -1.0)
    keep_at(cell, "f", 0.0)

    result = keep_running(cell, find_still_running(an_execution(cell), 9.0, OFFSET), None)

    assert result.verdict is PASSED
