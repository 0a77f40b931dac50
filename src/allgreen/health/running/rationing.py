"""Rationing: how often checks are run at most, also across restarts and processes."""

from __future__ import annotations

from pathlib import Path
from typing import final

from allgreen.domain.report import NO_METADATA, CheckResult, Ending
from allgreen.domain.status import CheckVerdict
from allgreen.health.budgets.budget import StoredResult
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.budgets.reservation import Refusal
from allgreen.health.check import Check
from allgreen.health.clock import Clock
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.findings import find_lost


@final
class Rationing:
    """Takes runs from the budgets of a ledger, and shows the last result where none is left.

    It waits for the disk: in threads only.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def hold_back(self, execution: Execution) -> CheckResult | None:
        """Take a run of a check; return what to show instead when it may not run now."""
        check = execution.cell.check
        assert check.frequency is not None, "who has none is not held back"
        wall = self._clock.wall()
        answer = self._ledger.reserve(self._identify(check), check.frequency, wall)
        if isinstance(answer, Refusal):
            return self._show(execution.cell, answer, wall)
        execution.reservation = answer
        return None

    def _identify(self, check: Check) -> str:
        """Return under which name the budget of a check is kept.

        Programs that have no name would share the results of checks that are called alike, and say
        of themselves what was found of another. So the file in which a check is written counts too.
        """
        if self._ledger.application or check.location is None:
            return check.name
        return f"{check.name} of {Path(check.location.file).absolute()}"

    def keep(self, execution: Execution, result: CheckResult) -> CheckResult:
        """Keep the result of a run that was taken; return it with what else there is to know."""
        if execution.reservation is not None:
            self._ledger.settle(
                execution.reservation,
                StoredResult(
                    verdict=result.verdict,
                    status=result.status,
                    message=result.message,
                    at=result.at,
                    duration_ms=result.duration_ms,
                    ending=result.ending,
                ),
            )
        return result._replace(note=self._noted(result.note))

    def _show(self, cell: Cell, refusal: Refusal, wall: float) -> CheckResult:
        now, last = self._clock.monotonic(), refusal.last
        note = self._noted(refusal.describe(wall))
        if last is None:
            return CheckResult(
                cell.label, CheckVerdict.SKIPPED, None, Ending.NOT_MEANT, "Has no result yet",
                wall, now, 0.0, None, NO_METADATA, note,
            )  # fmt: skip
        shown = CheckResult(
            cell.label, last.verdict, last.status, last.ending, last.message,
            last.at, now - max(0.0, wall - last.at), last.duration_ms, None, NO_METADATA, note,
        )  # fmt: skip
        return find_lost(shown) if _is_lost(refusal, last, wall) else shown

    def _noted(self, note: str) -> str:
        return " ".join(filter(None, (note, self._ledger.warning)))


def _is_lost(refusal: Refusal, last: StoredResult, wall: float) -> bool:
    """Tell whether runs end without a result for so long that the last one says nothing more.

    A process that is ended in the middle of a run is no reason to doubt what was found before; a
    check that ends its process each time is. So the last result counts until the period after its
    own is over.
    """
    began = refusal.unfinished_at
    if began is None or began <= last.at or refusal.is_unfinished_alive:
        return False
    _, end = refusal.frequency.period_of(last.at)
    return wall >= refusal.frequency.period_of(end)[1]
