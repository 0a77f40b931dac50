"""Thresholds: a failure is reported once there were enough of them, the raw one is always shown."""

from __future__ import annotations

from allgreen.domain.report import CheckResult
from allgreen.domain.status import CheckVerdict
from allgreen.health.running.execution import Cell


def keep(cell: Cell, result: CheckResult, *, is_repeat: bool = False) -> CheckResult:
    """Note the latest result of a check; return it as it is to be reported.

    A check that was never seen to pass has no good verdict that could be reported meanwhile.

    Args:
        cell: What is known of the check.
        result: What came of its latest run.
        is_repeat: It is the result of an earlier run, which counts once.
    """
    if result.is_bad:
        if not is_repeat or not cell.failures or result.at != cell.failed_at:
            _count(cell, result)
        result = _hold(cell, result, cell.failures)
    elif result.verdict is not CheckVerdict.SKIPPED:
        cell.failures = 0
    elif cell.last is not None and cell.last.verdict is not CheckVerdict.SKIPPED:
        # It says nothing, neither of what was before nor of what comes.
        cell.was_good = not cell.last.is_bad
    cell.last = result
    return result


def keep_running(cell: Cell, result: CheckResult, limit_s: float | None) -> CheckResult:
    """Return what is to be reported of a run that took too long and has not ended.

    It counts as one failure for each time that it could have taken as long as it may.

    Args:
        cell: What is known of the check.
        result: The raw one, of a run that still goes on.
        limit_s: How long it may take; `None` for no limit of its own.
    """
    times = int(result.duration_ms / 1000 / limit_s) if limit_s else 1
    return _hold(cell, result, cell.failures + max(0, times - 1))


def _count(cell: Cell, result: CheckResult) -> None:
    if not cell.failures:
        cell.failing_since = result.finished
    cell.failures += 1
    cell.failed_at = result.at


def _hold(cell: Cell, result: CheckResult, failures: int) -> CheckResult:
    check = cell.check
    if check.failures_to_report <= 1 and not check.seconds_to_report:
        return result
    lasting_s = result.finished - cell.failing_since
    is_enough = failures >= check.failures_to_report and lasting_s >= check.seconds_to_report
    if is_enough or not _was_good(cell):
        return result
    times = "once" if failures == 1 else f"{failures} times"
    note = f"Failed {times} in {lasting_s:.0f} s; reported {_when(cell)}"
    return result._replace(
        verdict=CheckVerdict.PASSED,
        status=CheckVerdict.PASSED.health(),
        raw_verdict=result.verdict,
        note="; ".join(filter(None, (note, result.note))),
    )


def _was_good(cell: Cell) -> bool:
    """Tell whether the check was reported to be good the last time that it said something."""
    before = cell.last
    if before is None:
        return False
    if before.verdict is CheckVerdict.SKIPPED:
        return cell.was_good
    return not before.is_bad


def _when(cell: Cell) -> str:
    check = cell.check
    parts = []
    if check.failures_to_report > 1:
        parts.append(f"after {check.failures_to_report} failures in a row")
    if check.seconds_to_report:
        parts.append(f"after {check.seconds_to_report:g} s")
    return " and ".join(parts)
