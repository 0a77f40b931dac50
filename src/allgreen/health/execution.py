"""Execution: one run of one check, and those who wait for what comes of it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Task
from collections.abc import Awaitable
from contextvars import Context
from typing import Any, Protocol

from allgreen.domain.report import CheckResult, Label
from allgreen.health.check import Check
from allgreen.health.expectation import RUN, Run
from allgreen.health.reservation import Reservation
from allgreen.health.workers import Worker


class Crew(Protocol):
    """Those who run on one event loop."""

    def abandon(self, execution: Execution) -> None:
        """End one that took too long, if it lets itself be ended; count on it no more."""


class Waiter(Protocol):
    """Whoever waits for executions.

    Attributes:
        left: For how many it still waits; changed under the lock of the runner.
    """

    left: int

    def wake(self) -> None:
        """Go on: all of them are settled. Called from any thread."""


class Cause(Protocol):
    """Why a check is run: the report for which it was asked first.

    Attributes:
        began: When that was, on the monotonic clock.
        home: The event loop of who asked; `None` for a thread without one.
        context: Context variables of who asked; to be copied for each run.
        inside: The run of a check in which it was asked.
    """

    began: float
    home: AbstractEventLoop | None
    context: Context
    inside: Execution | None


class Cell:
    """What is known of one check of a runner.

    Attributes:
        is_plain: Nothing but calling the function belongs to a run.
        execution: The run that has not ended.
        last: Latest result as it is reported.
        failures: How many runs in a row failed.
        failing_since: When the first of them was over, on the monotonic clock.
    """

    __slots__ = ("check", "execution", "failing_since", "failures", "is_plain", "label", "last")

    def __init__(self, check: Check) -> None:
        self.check = check
        self.label = Label(
            name=check.name,
            description=check.description,
            tags=frozenset(check.tags),
            is_critical=check.is_critical,
        )
        self.is_plain = check.conditions is None and check.frequency is None
        self.execution: Execution | None = None
        self.last: CheckResult | None = None
        self.failures = 0
        self.failing_since = 0.0


class Execution(Run):
    """One run of one check, from the moment that somebody wants it until it has really ended.

    One is made for every check and report, so what most of them never have is not set at first.

    Attributes:
        cause: Why it is run.
        begun: When it began, on the monotonic clock; `None` while it waits for its turn.
        result: What came of it; there before the end when it took too long.
        waiters: Who is to be woken once there is a result.
        crew: Those on the event loop where it runs; `None` while it does not.
        is_dropped: Nobody waits for it any more, and it was told to end.
        heir: The next run of the same check, which begins when this one has really ended.
        reservation: The run of a budget that it takes; `None` where there is no budget.
        concluded: What came of it, while that is still to be written down in a thread.
        blocked_s: For how long it kept its event loop from turning, in seconds.
    """

    begun: float | None = None
    result: CheckResult | None = None
    worker: Worker | None = None
    task: Task[None] | None = None
    coroutine: Awaitable[Any] | None = None
    crew: Crew | None = None
    heir: Execution | None = None
    is_dropped = False
    reservation: Reservation | None = None
    concluded: CheckResult | None = None
    blocked_s = 0.0

    def __init__(self, cell: Cell, cause: Cause) -> None:
        self.cell = cell
        self.cause = cause
        self.waiters: list[Waiter] = []

    def is_within(self, cell: Cell) -> bool:
        """Tell whether this is a run of that check, or was begun inside of one."""
        run: Execution | None = self
        while run is not None:
            if run.cell is cell:
                return True
            run = run.cause.inside
        return False


def current_execution() -> Execution | None:
    """Return the run of a check in which the caller is; `None` outside of all."""
    run = RUN.get()
    return run if isinstance(run, Execution) else None
