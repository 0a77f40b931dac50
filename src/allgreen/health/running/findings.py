"""Findings: the results that are not the answer of a check, and what an answer becomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from allgreen.domain.report import NO_METADATA, CheckResult, Ending, Label
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.redaction import redact
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.isolation import Answer

_MOST_SAID: Final = 5
_new_result: Final = tuple.__new__
# To read a member of an enum takes longer than all the rest.
_PASSED, _HEALTHY, _ANSWERED = CheckVerdict.PASSED, HealthStatus.HEALTHY, Ending.ANSWERED


def conclude(execution: Execution, answer: Answer, now: float, offset: float) -> CheckResult:
    """Return the result of a run that has ended.

    Args:
        execution: The run.
        answer: What the check said.
        now: On the monotonic clock.
        offset: From that clock to seconds since 1970.
    """
    cell, begun = execution.cell, execution.begun
    assert begun is not None, "only what has begun can end"
    limit_s = cell.check.timeout_s
    took_s = now - begun
    if limit_s is not None and took_s - execution.lost_s > limit_s:
        return find_overdue(execution, now, offset)
    message = answer.message
    if answer.verdict is CheckVerdict.PASSED:
        if execution.open:
            return _unasserted(execution, str(execution.unasserted()), now, offset)
        if execution.said and not message:
            message = _joined(execution.said)
    return CheckResult(
        cell.label,
        answer.verdict,
        _status(cell, answer),
        answer.ending,
        message,
        begun + offset,
        now,
        took_s * 1000,
        answer.evidence,
        answer.metadata,
        _note(execution),
    )


def find_passed(
    label: Label, said: Sequence[str], begun: float, now: float, offset: float
) -> CheckResult:
    """Return the result of a run that returned `None`, in time: what most of them do.

    The same as `conclude` would return, at a fraction of the price.
    """
    return _new_result(
        CheckResult,
        (
            label,
            _PASSED,
            _HEALTHY,
            _ANSWERED,
            _joined(said) if said else "",
            begun + offset,
            now,
            (now - begun) * 1000,
            None,
            NO_METADATA,
            "",
            False,
            None,
        ),
    )


def find_overdue(execution: Execution, now: float, offset: float) -> CheckResult:
    """Return the result of a run that has taken longer than it may."""
    limit_s = execution.cell.check.timeout_s or 0.0
    begun = now if execution.begun is None else execution.begun
    message = f"Took longer than its timeout of {limit_s:g} s"
    return _finding(
        execution.cell, CheckVerdict.FAILED, Ending.TIMED_OUT, message,
        at=begun + offset, finished=now, took_s=now - begun, note=_note(execution),
    )  # fmt: skip


def find_still_running(execution: Execution, now: float, offset: float) -> CheckResult:
    """Return the result of a check whose earlier run took too long and has not ended."""
    begun = now if execution.begun is None else execution.begun
    since = datetime.fromtimestamp(begun + offset, UTC)
    message = (
        f"Still running since {since:%H:%M:%S} UTC, "
        f"for {now - begun:.0f} s; it is not run again before that has ended"
    )
    return _finding(
        execution.cell, CheckVerdict.FAILED, Ending.STILL_RUNNING, message,
        at=begun + offset, finished=now, took_s=now - begun, note=_note(execution),
    )  # fmt: skip


def find_unfinished(execution: Execution, now: float, offset: float) -> CheckResult:
    """Return the result of a check that has not ended, or not begun, when the report was due."""
    begun = execution.begun
    if begun is None:
        message = (
            f"Waited {now - execution.cause.began:.1f} s for its turn, and had not begun when the "
            "report was due"
        )
        return _finding(
            execution.cell, CheckVerdict.FAILED, Ending.QUEUED, message,
            at=execution.cause.began + offset, finished=now, took_s=0.0,
        )  # fmt: skip
    message = f"Had not ended after {now - begun:.1f} s, when the report was due"
    return _finding(
        execution.cell, CheckVerdict.FAILED, Ending.UNFINISHED, message,
        at=begun + offset, finished=now, took_s=now - begun, note=_note(execution),
    )  # fmt: skip


def find_blocked(cell: Cell, need: CheckResult, now: float, offset: float) -> CheckResult:
    """Return the result of a check that is not run, because what it depends on has failed."""
    root = need.message.removeprefix("Blocked by ") if need.ending is Ending.BLOCKED else need.name
    return _finding(
        cell, CheckVerdict.SKIPPED, Ending.BLOCKED, f"Blocked by {root}",
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_not_meant(cell: Cell, why: str, now: float, offset: float) -> CheckResult:
    """Return the result of a check whose conditions say that it does not run here."""
    return _finding(
        cell, CheckVerdict.SKIPPED, Ending.NOT_MEANT, why,
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_itself(cell: Cell, now: float, offset: float) -> CheckResult:
    """Return the result of a check that asked for a report in which it is itself."""
    message = "The check asked for its own result while it was running"
    return _finding(
        cell, CheckVerdict.ERROR, Ending.MISCONFIGURED, message,
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_unreachable(cell: Cell, now: float, offset: float) -> CheckResult:
    """Return the result of a check that cannot go on before the caller has its report."""
    message = (
        "It runs on the event loop that was kept from turning by whoever asked; "
        "await run_async() there"
    )
    return _finding(
        cell, CheckVerdict.ERROR, Ending.MISCONFIGURED, message,
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_not_run(cell: Cell, why: str, now: float, offset: float) -> CheckResult:
    """Return the result of a check that this program could not run."""
    return _finding(
        cell, CheckVerdict.ERROR, Ending.RAISED, why,
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_not_yet(cell: Cell, now: float, offset: float) -> CheckResult:
    """Return the result of a check that was never run: nobody knows, and that is no health."""
    return _finding(
        cell, CheckVerdict.ERROR, Ending.QUEUED, "Has not been run yet",
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def find_stale(result: CheckResult, now: float, limit_s: float) -> CheckResult:
    """Return the result of a check whose latest one is too old to be believed."""
    message = (
        f"Its latest result is {now - result.finished:.0f} s old, and counts for {limit_s:g} s"
    )
    return _outdated(result, message)


def find_unseen(result: CheckResult, unseen_s: float) -> CheckResult:
    """Return the result of a check of which nobody has asked lately whether it is to run again."""
    message = f"For {unseen_s:.0f} s nobody has looked whether it is to run again"
    return _outdated(result, message)


def find_lost(result: CheckResult) -> CheckResult:
    """Return the result of a check whose later runs have all ended without one."""
    return _outdated(result, "No run since its latest result has come to its end")


def _outdated(result: CheckResult, message: str) -> CheckResult:
    return result._replace(
        verdict=CheckVerdict.FAILED,
        status=_worse(result.label.is_critical),
        ending=Ending.STALE,
        message=message,
        is_stale=True,
        raw_verdict=result.verdict,
    )


def find_misconfigured(name: str, message: str, now: float, offset: float) -> CheckResult:
    """Return the result of what is wrong with the checks as they are defined."""
    label = Label(name=name, description="The checks are well defined")
    return _finding(
        label, CheckVerdict.ERROR, Ending.MISCONFIGURED, message,
        at=now + offset, finished=now, took_s=0.0,
    )  # fmt: skip


def _finding(
    of: Cell | Label,
    verdict: CheckVerdict,
    ending: Ending,
    message: str,
    *,
    at: float,
    finished: float,
    took_s: float,
    note: str = "",
) -> CheckResult:
    label = of if isinstance(of, Label) else of.label
    status = verdict.health(is_critical=label.is_critical)
    return CheckResult(
        label, verdict, status, ending, message, at, finished, took_s * 1000,
        None, NO_METADATA, note,
    )  # fmt: skip


def _unasserted(execution: Execution, message: str, now: float, offset: float) -> CheckResult:
    begun = now if execution.begun is None else execution.begun
    return _finding(
        execution.cell, CheckVerdict.ERROR, Ending.MISCONFIGURED, message,
        at=begun + offset, finished=now, took_s=now - begun,
    )  # fmt: skip


def _status(cell: Cell, answer: Answer) -> HealthStatus | None:
    said = answer.status
    if said is None:
        return answer.verdict.health(is_critical=cell.label.is_critical)
    return said if cell.label.is_critical else min(said, HealthStatus.DEGRADED, key=_SEVERITY.index)


def _worse(is_critical: bool) -> HealthStatus | None:
    return CheckVerdict.FAILED.health(is_critical=is_critical)


def _joined(said: Sequence[str]) -> str:
    more = len(said) - _MOST_SAID
    text = "; ".join(said[:_MOST_SAID])
    return redact(f"{text}; and {more} more" if more > 0 else text)


def _note(execution: Execution) -> str:
    if not execution.blocked_s:
        return ""
    return f"Kept the event loop from turning for {execution.blocked_s:.1f} s"


_SEVERITY: Final = (HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY)
