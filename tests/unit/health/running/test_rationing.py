"""A check with a budget runs as often as it may; else its last result is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.running.execution import Execution
from allgreen.health.running.rationing import Rationing
from tests.unit.health.clocks import StillClock
from tests.unit.health.executions import a_cell, a_result, an_execution

PASSED, FAILED, ERROR, SKIPPED = CheckVerdict
HOUR_S = 3600.0


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def rationing(tmp_path: Path, clock: StillClock) -> Rationing:
    return Rationing(Ledger(tmp_path), clock)


def a_run() -> Execution:
    return an_execution(a_cell(run="once per day"))


def spend(rationing: Rationing, result: CheckResult) -> CheckResult:
    execution = a_run()
    assert rationing.hold_back(execution) is None
    return rationing.keep(execution, result)


def show(rationing: Rationing) -> CheckResult:
    shown = rationing.hold_back(a_run())
    assert shown is not None
    return shown


@pytest.mark.semantics(36)
def test_a_run_that_is_left_is_taken(rationing: Rationing) -> None:
    execution = a_run()

    assert rationing.hold_back(execution) is None
    assert execution.reservation is not None


@pytest.mark.semantics(40)
def test_the_last_result_is_shown_as_it_was(rationing: Rationing, clock: StillClock) -> None:
    spent = spend(rationing, a_result(FAILED, message="no")._replace(at=clock.wall()))
    clock.advance(3 * HOUR_S)

    shown = show(rationing)

    assert (shown.verdict, shown.status, shown.message) == (FAILED, HealthStatus.UNHEALTHY, "no")
    assert (shown.at, shown.duration_ms, shown.ending) == (
        spent.at,
        spent.duration_ms,
        Ending.ANSWERED,
    )
    assert shown.finished == clock.monotonic() - 3 * HOUR_S
    assert shown.note == "Ran 3 h ago. Runs once per day. Next at 00:00 UTC."


def test_a_clock_that_was_set_back_makes_no_result_younger_than_now(
    rationing: Rationing, clock: StillClock
) -> None:
    spend(rationing, a_result()._replace(at=clock.wall()))
    clock.jump(-HOUR_S)

    assert show(rationing).finished == clock.monotonic()


@pytest.mark.semantics(37)
def test_a_run_without_a_result_is_seen(rationing: Rationing) -> None:
    assert rationing.hold_back(a_run()) is None

    shown = show(rationing)

    assert (shown.verdict, shown.status, shown.ending) == (SKIPPED, None, Ending.NOT_MEANT)
    assert shown.message == "Has no result yet"
    assert "A run that began at 12:00 UTC has not finished yet." in shown.note


@pytest.mark.semantics(37)
def test_a_run_without_a_result_does_not_lose_the_one_before(
    rationing: Rationing, clock: StillClock
) -> None:
    spend(rationing, a_result(PASSED, message="fine"))
    clock.advance(24 * HOUR_S)
    assert rationing.hold_back(a_run()) is None

    shown = show(rationing)

    assert (shown.verdict, shown.message) == (PASSED, "fine")
    assert "has not finished yet" in shown.note


@pytest.mark.semantics(38)
def test_a_place_that_cannot_be_written_is_told_and_still_limits(
    tmp_path: Path, clock: StillClock
) -> None:
    file = tmp_path / "a file"
    file.write_text("and no folder")
    rationing = Rationing(Ledger(file), clock)

    kept = spend(rationing, a_result(FAILED, message="no")._replace(note="Slow"))
    shown = show(rationing)

    assert kept.note.startswith("Slow How often checks run cannot be kept in")
    assert shown.verdict is FAILED
    assert "each process counts for itself" in shown.note


def test_what_was_not_taken_is_not_kept(rationing: Rationing) -> None:
    result = a_result(PASSED, message="fine")

    assert rationing.keep(a_run(), result) == result
    assert rationing.hold_back(a_run()) is None
