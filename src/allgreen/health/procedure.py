"""Procedure: what happens in one run of a check, from its conditions to its result."""

from __future__ import annotations

import threading
from asyncio import CancelledError, current_task
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, final

from allgreen.domain.report import CheckResult
from allgreen.health.execution import Execution
from allgreen.health.expectation import RUN
from allgreen.health.findings import (
    conclude,
    find_failed_condition,
    find_not_meant,
    find_not_run,
    find_passed,
)
from allgreen.health.isolation import Answer, read_exception, read_value
from allgreen.health.redaction import Scrubber
from allgreen.health.scrubbing import scrub

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

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have the rest of a run awaited on an event loop."""

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
        """Run a check in the thread of the caller, as far as that goes."""
        if execution.concluded is not None:
            self._write_down(execution, execution.concluded)
            return
        if execution.is_dropped:
            self._control.end(execution, None)
            return
        execution.begun = begun = self._monotonic()
        context = execution.cause.context.copy()
        cell = execution.cell
        if not cell.is_plain or not self._is_bare:
            context.run(self._work, execution)
            return
        check = cell.check
        try:
            value = context.run(_call, check.function, execution)
        except BaseException as error:  # noqa: BLE001 - a check may raise anything, and ends nobody else
            self._end(execution, self._read(error))
            return
        # Most checks say nothing, and in time: what follows is as short as it can be.
        now, limit_s = self._monotonic(), check.timeout_s
        if value is None and not execution.open and (limit_s is None or now - begun <= limit_s):
            result = find_passed(cell.label, execution.said, begun, now, self._control.offset)
            self._control.end(execution, result)
        else:
            self._take(execution, value)

    async def run_on_loop(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Run a check that is a coroutine, or await what one returned in a thread."""
        if execution.is_dropped:
            _close(value)
            self._control.end(execution, None)
            return
        if execution.begun is None:
            execution.begun = self._monotonic()
        RUN.set(execution)
        try:
            awaitable = execution.cell.check.function() if value is None else value
            execution.coroutine = awaitable
            answer = self._read_value(await awaitable)
        except CancelledError as error:
            task = current_task()
            if task is not None and task.cancelling():
                # By us, because it took too long, or by the program, which stops.
                self._control.end(execution, self._cancelled(execution))
                raise
            answer = self._read(error)
        except KeyboardInterrupt as error:
            self._end(execution, self._read(error))
            if threading.current_thread() is threading.main_thread():
                raise  # somebody stops the program
            return
        except BaseException as error:  # noqa: BLE001 - a check may raise anything, and ends nobody else
            answer = self._read(error)
        self._end(execution, answer)

    def _work(self, execution: Execution) -> None:
        RUN.set(execution)
        cell = execution.cell
        if not cell.is_plain:
            held = self._hold_back(execution)
            if held is not None:
                self._control.end(execution, held)
                return
            if cell.check.is_async:
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
        if isinstance(value, Awaitable):
            self._hand_over(execution, value)
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
            return find_failed_condition(execution, self._read(error), *self._now())
        if check.frequency is not None:
            return self._around.rations.hold_back(execution)
        return None

    def _hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        try:
            self._control.hand_over(execution, value)
        except RuntimeError as error:  # its loop was closed
            _close(value)
            why = f"Could not be run: {error}"
            self._control.end(execution, find_not_run(execution.cell, why, *self._now()))

    def _read_value(self, value: object) -> Answer:
        try:
            return read_value(value)
        except BaseException as error:  # noqa: BLE001 - whatever it is that was returned
            return self._read(error)

    def _read(self, error: BaseException) -> Answer:
        return read_exception(error, keep_traceback=self._around.keeps_tracebacks)

    def _end(self, execution: Execution, answer: Answer) -> None:
        result = conclude(execution, answer, *self._now())
        if self._around.scrubbers:
            result = scrub(result, self._around.scrubbers)
        if execution.reservation is None:
            self._control.end(execution, result)
        elif execution.crew is None:
            self._write_down(execution, result)
        else:
            execution.concluded = result
            try:
                self._control.hand_back(execution)
            except RuntimeError:  # no thread can be started: it is not written down
                self._control.end(execution, result)

    def _write_down(self, execution: Execution, result: CheckResult) -> None:
        self._control.end(execution, self._around.rations.keep(execution, result))

    def _cancelled(self, execution: Execution) -> CheckResult:
        return find_not_run(execution.cell, "Was cancelled before it had ended", *self._now())

    def _now(self) -> tuple[float, float]:
        return self._monotonic(), self._control.offset


def _call(function: Callable[[], object], execution: Execution) -> object:
    RUN.set(execution)
    return function()


def _close(value: object) -> None:
    close = getattr(value, "close", None)
    if callable(close):
        close()
