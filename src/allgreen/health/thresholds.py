"""Thresholds: a failure is reported once there were enough of them, the raw one is always shown."""

from __future__ import annotations

from allgreen.domain.report import CheckResult
from allgreen.health.execution import Cell


def keep(cell: Cell, result: CheckResult) -> CheckResult:
    """Note the latest result of a check; return it as it is to be reported.

    A check that was never seen to pass has no good verdict that could be reported meanwhile.
    """
    check = cell.check
    if not result.is_bad:
        cell.failures = 0
    else:
        if not cell.failures:
            cell.failing_since = result.finished
        cell.failures += 1
        if check.failures_to_report > 1 or check.seconds_to_report:
            result = _hold(cell, result)
    cell.last = result
    return result


def _hold(cell: Cell, result: CheckResult) -> CheckResult:
    check, before = cell.check, cell.last
    lasting_s = result.finished - cell.failing_since
    is_enough = cell.failures >= check.failures_to_report and lasting_s >= check.seconds_to_report
    if is_enough or before is None or before.is_bad:
        return result
    times = "once" if cell.failures == 1 else f"{cell.failures} times"
    note = f"Failed {times} in {lasting_s:.0f} s; reported {_when(cell)}"
    return result._replace(
        verdict=before.verdict,
        status=before.status,
        raw_verdict=result.verdict,
        note="; ".join(filter(None, (note, result.note))),
    )


def _when(cell: Cell) -> str:
    check = cell.check
    parts = []
    if check.failures_to_report > 1:
        parts.append(f"after {check.failures_to_report} failures in a row")
    if check.seconds_to_report:
        parts.append(f"after {check.seconds_to_report:g} s")
    return " and ".join(parts)
