"""Procedure: what happens in one run of a check, from its conditions to its result."""

from __future__ import annotations

import logging
from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, cast, final

from allgreen.domain.report import CheckResult
from allgreen.health.expectation import RUN
from allgreen.health.redaction import Scrubber
from allgreen.health.running.execution import Execution
from allgreen.health.running.findings import conclude, find_not_meant, find_passed
from allgreen.health.running.isolation import (
    UNREADABLE,
    Answer,
    is_of_user,
    read_exception,
    read_failed_condition,
    read_value,
)
from allgreen.health.running.scrubbing import scrub

logger = logging.getLogger(__name__)

Hook = Callable[[], object]


class Rations(Protocol):
    """How often checks are run at most."""

    def hold_back(self, execution: Execution) -> CheckResult | None:
        """Take a run of a check; return what to show instead when it may not run now."""

    def keep(self, execution: Execution, result: CheckResult) -> CheckResult:
        """Keep the result of a run that was taken; return it with what else there is to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run finds around it.

    Attributes:
        environment: Such as ``production``.
        monotonic: The clock.
        rations: How often checks are run at most.
        keeps_tracebacks: Keep whole tracebacks.
        scrubbers: What else removes secrets from texts.
        before: Called in the thread of a check before it is run.
        after: Called there when it was run, whatever came of it.
    """

    environment: str
    monotonic: Callable[[], float]
    rations: Rations
    keeps_tracebacks: bool
    scrubbers: tuple[Scrubber, ...] = ()
    before: Hook | None = None
    after: Hook | None = None


class Control(Protocol):
    """Whoever has runs begun."""

    @property
    def offset(self) -> float:
        """Return what lies between the monotonic clock and seconds since 1970."""

    def end(self, execution: Execution, result: CheckResult | None) -> None:
        """Take in that a run has really ended, and what came of it."""

    def lose(self, execution: Execution, why: str) -> None:
        """Take in that a run has ended, and that it says nothing of the check."""

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have the rest of a run awaited on an event loop.

        Raises:
            RuntimeError: The loop is closed, or there is none.
        """

    def hand_back(self, execution: Execution) -> None:
        """Have what was concluded on an event loop written down in a thread."""


@final
class Procedure:
    """Runs one check; whatever it does, the run ends."""

    def __init__(self, around: Surroundings, control: Control) -> None:
        self._around = around
        self._control = control
        self._monotonic = around.monotonic
        self._is_bare = around.before is None and around.after is None and not around.scrubbers

    def work(self, execution: Execution) -> None:
        """Run a check in the thread of the caller, as far as that goes.

        Whatever the check raises is its result. What is raised beside it was not meant for it, such
        as that there is no memory left: then the run has ended without a result.
        """
        try:
            if execution.concluded is not None:
                self._write_down(execution, execution.concluded)
            elif execution.is_dropped:
                self._control.end(execution, None)
            elif execution.cell.is_plain and self._is_bare:
                self._work_plainly(execution)
            else:
                execution.begun = self._monotonic()
                execution.cause.context.copy().run(self._work, execution)
        except BaseException:
            self._control.lose(execution, "Was ended from outside before it had a result")
            raise

    def _work_plainly(self, execution: Execution) -> None:
        execution.begun = begun = self._monotonic()
        context = execution.cause.context.copy()
        try:
            value = context.run(_call, execution.cell.check.function, execution)
        except BaseException as error:  # noqa: BLE001 - a check may raise anything, and ends nobody else
            self._end(execution, self._read(error))
            return
        if not self._has_passed(execution, value, begun):
            self._take(execution, value)

    async def run_on_loop(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Run a check that is a coroutine, or await what one returned in a thread."""
        if execution.is_dropped or execution.result is not None:
            _close(value)
            self._control.end(execution, None)
            return
        if execution.begun is None:
            execution.begun = self._monotonic()
        RUN.set(execution)
        try:
            awaitable = execution.cell.check.function() if value is None else value
            execution.coroutine = awaitable
            answered = await awaitable
        except CancelledError as error:
            if _is_cancelled():
                self._end_cancelled(execution)
                raise
            answer = self._read(error)
        except GeneratorExit as error:
            # Python throws it into what it throws away. Then this may be any thread, even one that
            # holds our lock, and there is nothing left to be done.
            if not _is_step_of(execution):
                raise
            answer = self._read(error)
        except BaseException as error:
            self._end_on_loop(execution, self._read(error))
            if is_of_user(error):
                raise
            return
        else:
            self._take_on_loop(execution, answered, execution.begun)
            return
        self._end_on_loop(execution, answer)

    def _take_on_loop(self, execution: Execution, value: object, begun: float) -> None:
        """End a run with what a check returned in the end."""
        is_plain = self._is_bare and execution.cell.is_plain and not execution.is_dropped
        if not is_plain or not self._has_passed(execution, value, begun):
            self._end_on_loop(execution, self._read_value(value))

    def _has_passed(self, execution: Execution, value: object, begun: float) -> bool:
        """End a run that has passed and says no more, as most do, in as few steps as it takes."""
        if value is not None and value is not True:
            return False
        cell, now = execution.cell, self._monotonic()
        limit_s = cell.check.timeout_s
        is_late = limit_s is not None and now - begun > limit_s
        if is_late or execution.open or execution.blocked_s:
            return False
        result = find_passed(cell.label, execution.said, begun, now, self._control.offset)
        self._control.end(execution, result)
        return True

    def _work(self, execution: Execution) -> None:
        RUN.set(execution)
        cell = execution.cell
        if not cell.is_plain and execution.reservation is None:
            held = self._hold_back(execution)
            if held is not None:
                self._control.end(execution, held)
                return
            if cell.check.frequency is not None:
                execution.begun = (
                    self._monotonic()
                )  # the disk may have taken long, and not the check
        if cell.check.is_async:
            execution.begun = None  # so far nothing of it was run, and it may have to wait
            self._hand_over(execution, None)
            return
        try:
            value = self._call(execution)
        except BaseException as error:  # noqa: BLE001 - a check may raise anything, and ends nobody else
            self._end(execution, self._read(error))
            return
        self._take(execution, value)

    def _take(self, execution: Execution, value: object) -> None:
        """Go on with what a check returned."""
        if _is_awaitable(value):
            self._hand_over(execution, cast("Awaitable[Any]", value))
        else:
            self._end(execution, self._read_value(value))

    def _call(self, execution: Execution) -> object:
        around = self._around
        try:
            if around.before is not None:
                around.before()
            return execution.cell.check.function()
        finally:
            if around.after is not None:
                around.after()

    def _hold_back(self, execution: Execution) -> CheckResult | None:
        """Return the result of a check that does not run here, or not now."""
        cell = execution.cell
        check = cell.check
        try:
            if check.conditions is not None:
                why = check.conditions.why_not(self._around.environment)
                if why:
                    return find_not_meant(cell, why, *self._now())
        except BaseException as error:  # noqa: BLE001 - a condition that raises is no "no"
            return self._conclude(execution, read_failed_condition(self._read(error)))
        if check.frequency is None:
            return None
        cell.looked_at = self._monotonic()
        try:
            kept = self._around.rations.hold_back(execution)
            execution.is_repeat = kept is not None
            return kept and scrub(kept, self._around.scrubbers)
        except BaseException as error:  # noqa: BLE001 - whoever keeps budgets ends nobody else either
            return self._conclude(execution, self._read(error))

    def _hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        try:
            self._control.hand_over(execution, value)
        except RuntimeError as error:  # its loop was closed, or there is none
            _close(value)
            self._control.lose(execution, f"Could not be run: {error}")

    def _read_value(self, value: object) -> Answer:
        try:
            return read_value(value)
        except BaseException as error:  # noqa: BLE001 - whatever it is that was returned
            return self._read(error)

    def _read(self, error: BaseException) -> Answer:
        try:
            return read_exception(error, keep_traceback=self._around.keeps_tracebacks)
        except BaseException:  # noqa: BLE001 - reading it calls what the check has written
            return UNREADABLE

    def _conclude(self, execution: Execution, answer: Answer) -> CheckResult:
        """Return what comes of an answer, without secrets."""
        scrubbers = self._around.scrubbers
        try:
            result = conclude(execution, answer, *self._now())
            return scrub(result, scrubbers) if scrubbers else result
        except BaseException:  # noqa: BLE001 - it calls what the check, or the program, has written
            return conclude(execution, UNREADABLE, *self._now())

    def _end(self, execution: Execution, answer: Answer) -> None:
        result = self._conclude(execution, answer)
        if execution.reservation is None:
            self._control.end(execution, result)
            return
        execution.concluded = result  # from now on only the disk takes long, and not the check
        if execution.crew is None:
            self._write_down(execution, result)
        else:
            self._control.hand_back(execution)

    def _end_on_loop(self, execution: Execution, answer: Answer) -> None:
        if execution.is_dropped:  # what a check says after it was told to end is no answer
            self._control.end(execution, None)
        else:
            self._end(execution, answer)

    def _end_cancelled(self, execution: Execution) -> None:
        """End a run that was cancelled: by us, or by the program, which stops."""
        if execution.is_dropped:
            self._control.end(execution, None)
        elif execution.result is None:
            self._control.lose(execution, "Was cancelled before it had ended")
        elif execution.reservation is None:
            self._control.end(execution, None)
        else:
            # That it took too long is what is shown until it may run again.
            execution.concluded = execution.result
            self._control.hand_back(execution)

    def _write_down(self, execution: Execution, result: CheckResult) -> None:
        try:
            result = self._around.rations.keep(execution, result)
        except BaseException as error:  # noqa: BLE001 - what was found counts, also if nobody keeps it
            logger.warning("A result of %r is not kept: %s", result.name, type(error).__name__)
        self._control.end(execution, result)

    def _now(self) -> tuple[float, float]:
        return self._monotonic(), self._control.offset


def _call(function: Callable[[], object], execution: Execution) -> object:
    RUN.set(execution)
    return function()


def _is_awaitable(value: object) -> bool:
    try:
        return hasattr(type(value), "__await__")
    except BaseException:  # noqa: BLE001 - its class may answer with whatever it likes
        return False


def _close(value: object) -> None:
    close = getattr(value, "close", None)
    if callable(close):
        with suppress(BaseException):  # it may not let itself be ended
            close()


def _is_cancelled() -> bool:
    """Tell whether somebody cancelled the task that runs at this moment."""
    task = current_task()
    return task is not None and task.cancelling() > 0


def _is_step_of(execution: Execution) -> bool:
    """Tell whether the task of a run is what runs at this moment."""
    try:
        return execution.task is None or current_task() is execution.task
    except RuntimeError:  # no event loop runs here
        return False
