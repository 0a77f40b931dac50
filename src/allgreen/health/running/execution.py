"""Execution: one run of one check, and those who wait for what comes of it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Task
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Protocol, final

from allgreen.domain.report import CheckResult, Ending, Label
from allgreen.domain.status import CheckVerdict
from allgreen.health.budgets.reservation import Reservation
from allgreen.health.check import Check
from allgreen.health.expectation import RUN, Run
from allgreen.health.running.workers import Worker


class Crew(Protocol):
    """Those who run on one event loop.

    Attributes:
        loop: Where they run.
    """

    loop: AbstractEventLoop

    @property
    def is_gone(self) -> bool:
        """Tell whether the loop was closed, so that nothing on it goes on."""

    def abandon(self, execution: Execution) -> None:
        """End one that took too long, if it lets itself be ended; count on it no more."""

    def release(self, execution: Execution) -> None:
        """Count no more on one that has outlived a report, and let it go on."""

    def lend(self) -> None:
        """Let another one run while one of these waits for others; on the loop itself only."""

    def take_back(self) -> None:
        """Say that it goes on."""


class Waiter(Protocol):
    """Whoever waits for executions.

    Attributes:
        left: For how many it still waits; changed under the lock of the runner.
    """

    left: int

    def wake(self) -> None:
        """Go on: all of them are settled. Called from any thread."""

    def replace(self, old: Execution, new: Execution) -> None:
        """Wait for another run of the same check instead; under the lock of the runner."""


class Asker(Protocol):
    """Whoever waits for executions inside of a run of a check."""

    def unsettled(self) -> list[Execution]:
        """Return those that it waits for."""


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
        failures: How many runs in a row failed; those that were skipped say nothing.
        failing_since: When the first of them was over, on the monotonic clock.
        failed_at: When the latest of them began, in seconds since 1970.
        was_good: What was reported before it was skipped was good.
        looked_at: When somebody last wanted to run it, on the monotonic clock; only of a check
            that has a budget, whose result may be old and still count.
        passed: How many runs have passed since the program began.
        others: How many have ended otherwise, by what they came to.
    """

    __slots__ = (
        "check",
        "execution",
        "failed_at",
        "failing_since",
        "failures",
        "is_plain",
        "label",
        "last",
        "looked_at",
        "others",
        "passed",
        "was_good",
    )

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
        self.failed_at = 0.0
        self.was_good = False
        self.looked_at = 0.0
        self.passed = 0
        self.others: dict[CheckVerdict, int] = {}


class Execution(Run):
    """One run of one check, from the moment that somebody wants it until it has really ended.

    One is made for every check and report, so what most of them never have is not set at first.

    Attributes:
        cause: Why it is run.
        begun: When it began, on the monotonic clock; `None` while it waits for its turn.
        result: What came of it; there before the end when it took too long.
        waiters: Who is to be woken once there is a result.
        worker: The thread where it runs, or ran at first.
        crew: Those on the event loop where it is to run, or runs; `None` while that is none.
        coroutine: What is awaited there; `None` while nothing is.
        gate: What keeps it back until others are settled; `None` where nothing does.
        before: An earlier run of the same check, which has to end before this one begins.
        heir: The gate of the next run of the same check, which waits for the end of this one.
        is_dropped: Nobody waits for it any more, and it was told to end.
        is_repeat: Its result is that of an earlier run, kept since then.
        was_moved: It was begun anew because something blocked its event loop.
        asking: Reports that were asked inside of it, and are not there yet.
        reservation: The run of a budget that it takes; `None` where there is no budget.
        concluded: What came of it, while that is still to be written down in a thread.
        blocked_s: For how long it kept its event loop from turning, in seconds.
        lost_s: For how long another one did.
    """

    begun: float | None = None
    result: CheckResult | None = None
    worker: Worker | None = None
    task: Task[None] | None = None
    coroutine: Awaitable[Any] | None = None
    crew: Crew | None = None
    gate: Gate | None = None
    before: Execution | None = None
    heir: Gate | None = None
    is_dropped = False
    is_repeat = False
    was_moved = False
    asking: tuple[Asker, ...] = ()
    reservation: Reservation | None = None
    concluded: CheckResult | None = None
    blocked_s = 0.0
    lost_s = 0.0

    def __init__(self, cell: Cell, cause: Cause, waiters: list[Waiter] | None = None) -> None:
        self.cell = cell
        self.cause = cause
        self.waiters = [] if waiters is None else waiters

    @property
    def is_gone(self) -> bool:
        """Tell whether it will never end, because an event loop was closed under it."""
        before = self.awaited
        if before is not None:
            return before.is_gone
        return self.crew is not None and self.crew.is_gone and self.concluded is None

    @property
    def awaited(self) -> Execution | None:
        """Return the earlier run of the same check for whose end it waits."""
        before = self.before
        return before if before is not None and before.heir is self.gate else None

    def waits_for(self, other: Execution) -> bool:
        """Tell whether it is this one, or cannot end before this one has; under the lock."""
        seen: set[Execution] = set()
        look_at = [self]
        while look_at:
            run = look_at.pop()
            if run is other:
                return True
            if run not in seen:
                seen.add(run)
                look_at += (each for asker in run.asking for each in asker.unsettled())
                if run.gate is not None:
                    look_at += run.gate.unsettled()
        return False


@final
class Gate:
    """Keeps a run back until what it depends on is settled; made under the lock of the runner.

    Attributes:
        execution: The run.
        left: For how many it still waits; changed under the lock of the runner.

    Args:
        begin: Lets it in; called once, when nothing is left to wait for.
        execution: The run; it also waits for the end of the one before it, if there is one.
        needs: What it depends on.
    """

    __slots__ = ("_begin", "_needs", "execution", "left")

    def __init__(
        self,
        begin: Callable[[Gate], None],
        execution: Execution,
        needs: Sequence[Execution | CheckResult],
    ) -> None:
        self._begin = begin
        self._needs = list(needs)
        self.execution = execution
        execution.gate = self
        pending = self._pending()
        for need in pending:
            need.waiters.append(self)
        self.left = len(pending)
        if execution.before is not None:
            execution.before.heir = self
            self.left += 1

    def wake(self) -> None:
        """Say that all is known."""
        self._begin(self)

    def replace(self, old: Execution, new: Execution) -> None:
        """Wait for another run of the same check instead; under the lock of the runner."""
        self._needs = [new if need is old else need for need in self._needs]

    def remove(self) -> None:
        """Wait no more, as nobody wants the run; under the lock of the runner."""
        for need in self._pending():
            need.waiters.remove(self)
        if self.execution.before is not None:
            self.execution.before.heir = None

    def unsettled(self) -> list[Execution]:
        """Return the runs that it waits for."""
        before = self.execution.awaited
        return [*([] if before is None else [before]), *self._pending()]

    def find_failed(self) -> CheckResult | None:
        """Return the first result without which the run would say nothing new."""
        for need in self._needs:
            result = need.result if isinstance(need, Execution) else need
            if result is not None and (result.is_bad or result.ending is Ending.BLOCKED):
                return result
        return None

    def find_first(self) -> Execution | None:
        """Return the first of what it depends on that is not settled."""
        return next(iter(self._pending()), None)

    def _pending(self) -> list[Execution]:
        return [need for need in self._needs if isinstance(need, Execution) and not need.result]


def current_execution() -> Execution | None:
    """Return the run of a check in which the caller is; `None` outside of all."""
    run = RUN.get()
    return run if isinstance(run, Execution) else None
