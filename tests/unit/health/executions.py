"""Runs of checks that nobody begins, to be ended by hand."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from contextvars import Context, copy_context
from typing import Any

from allgreen.domain.report import CheckResult, Ending
from allgreen.domain.status import CheckVerdict
from allgreen.health.check import Check
from allgreen.health.frequency import Frequency
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.findings import conclude
from allgreen.health.running.isolation import Answer

OFFSET = 1_772_452_800.0
"""From the monotonic clock of these tests to 12:00:00 UTC on 2 March 2026."""


class Request:
    """Why a check is run."""

    home: AbstractEventLoop | None = None
    inside: Execution | None = None

    def __init__(self) -> None:
        self.began = 0.0
        self.context: Context = copy_context()


def a_cell(*, run: str | None = None, **options: Any) -> Cell:
    """Return what is known of a check of which nothing is known."""
    frequency = None if run is None else Frequency.parse(run)
    return Cell(Check("disk", "The disk has room", print, frequency=frequency, **options))


def an_execution(cell: Cell | None = None, *, begun: float | None = 0.0) -> Execution:
    """Return a run that began at noon."""
    execution = Execution(a_cell() if cell is None else cell, Request())
    execution.begun = begun
    return execution


def a_result(
    verdict: CheckVerdict = CheckVerdict.PASSED,
    *,
    cell: Cell | None = None,
    at: float = 0.0,
    message: str = "",
    ending: Ending = Ending.ANSWERED,
) -> CheckResult:
    """Return the result of a run that took no time."""
    answer = Answer(verdict=verdict, message=message, ending=ending)
    return conclude(an_execution(cell, begun=at), answer, at, OFFSET)
