"""Dispatch: each check is run once at a time, and who asks for it meanwhile shares what comes of it.

Who waits for what is kept under one lock, which is held for moments: nothing is run, and nobody is
woken or told, while it is held.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, Final, final

from allgreen.domain.report import CheckResult
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.running.execution import Cell, Execution, Gate, Waiter
from allgreen.health.running.findings import (
    find_blocked,
    find_itself,
    find_not_run,
    find_overdue,
    find_still_running,
    find_unreachable,
)
from allgreen.health.running.flight import Flight
from allgreen.health.running.news import News
from allgreen.health.running.places import Places
from allgreen.health.running.plan import Step
from allgreen.health.running.procedure import Procedure, Surroundings
from allgreen.health.running.thresholds import keep, keep_running

_HEALTHY: Final = HealthStatus.HEALTHY  # to read it from its enum takes longer than to compare it
_NOBODY: Final[Sequence[Waiter]] = ()
_LOOK_AGAIN_S: Final = 1.0
_NO_THREAD: Final = "Could not be run: no thread can be started"


@final
class Dispatch:
    """Begins runs for those who ask, and takes in their ends.

    Attributes:
        news: Who is told of what has changed.
        offset: What lies between the monotonic clock and seconds since 1970.
        places: Where checks are run.

    Args:
        around: What a run finds around it.
        concurrency: How many run at once.
        keep_good_for_s: For so many seconds a check that passed is not run again.
        keep_bad_for_s: The same for all others.
    """

    def __init__(
        self,
        around: Surroundings,
        *,
        concurrency: int,
        keep_good_for_s: float,
        keep_bad_for_s: float,
    ) -> None:
        self.news = News()
        # Looked at for every run of every check.
        self._listeners, self._changes = self.news.listeners, self.news.changes
        self.offset = 0.0
        run = Procedure(around, self)
        self.places = Places(concurrency, run.work, run.run_on_loop, self.lose, self.move)
        self._monotonic = around.monotonic
        self._keep_good_for_s = keep_good_for_s
        self._keep_bad_for_s = keep_bad_for_s
        self._lock = threading.Lock()

    def start_over(self, cells: Iterable[Cell]) -> None:
        """Begin anew in the child of a fork, where nothing that ran goes on.

        Args:
            cells: What is known of the checks.
        """
        self._lock = threading.Lock()
        self.news.start_over()
        known = list(cells)
        for cell in known:
            cell.passed, cell.others = 0, {}  # our parent goes on to count its own
        running = [cell for cell in known if cell.execution is not None]
        self.places.start_over([cell.execution for cell in running if cell.execution is not None])
        for cell in running:
            cell.execution = None

    # Who asks ---------------------------------------------------------------------------------

    def begin_or_join(self, flight: Flight, steps: Sequence[Step], fresh: bool) -> None:
        """Note for each check what is known, or begin or join the run that is waited for.

        Args:
            flight: The report.
            steps: What is to be run for it.
            fresh: Run also what was run a moment ago.
        """
        with self._lock:
            if flight.inside is not None:
                flight.inside.asking = (*flight.inside.asking, flight)
            begun, ready = self._look_through(flight, steps, fresh)
        for gate in ready:
            gate.wake()
        if begun:
            self._begin(begun)
        if self._changes:
            self.news.tell()

    def _look_through(
        self, flight: Flight, steps: Sequence[Step], fresh: bool
    ) -> tuple[list[Execution], list[Gate]]:
        """Return which runs are to be begun, and which gates wait for nothing."""
        begun: list[Execution] = []
        ready: list[Gate] = []
        now, entries = flight.began, flight.entries
        for cell, needs in steps:
            last, execution = cell.last, cell.execution
            if execution is not None:
                execution = self._join(cell, execution, flight)
                if execution is None:
                    continue
            elif (
                last is None
                or fresh
                or now - last.finished
                >= (self._keep_good_for_s if last.status is _HEALTHY else self._keep_bad_for_s)
            ):
                execution = flight.want(cell)
            else:
                entries[cell] = last
                continue
            if not needs and execution.before is None:
                begun.append(execution)
                continue
            gate = Gate(self._pass, execution, [flight.entries[one] for one in needs])
            if not gate.left:
                ready.append(gate)
        return begun, ready

    def take_back(self, flight: Flight) -> None:
        """Leave what nobody has begun, lest it waits for ever for its turn."""
        with self._lock:
            unsettled = flight.unsettled()
            for execution in unsettled:
                execution.waiters.remove(flight)
            self._ask_no_more(flight)
        for execution in unsettled:
            if execution.cause is flight and execution.begun is None:
                self.lose(execution, "Was interrupted before it had begun")
                execution.is_dropped = True

    def _join(self, cell: Cell, execution: Execution, flight: Flight) -> Execution | None:
        """Show what is known of a run that goes on, or wait for it; return what is to be begun."""
        now = flight.began
        if execution.is_gone:
            new = self._replace(execution, Execution(cell, flight))
            flight.expect(new)
            return new
        if flight.inside is not None and execution.waits_for(flight.inside):
            flight.entries[cell] = find_itself(cell, now, self.offset)
        elif execution.result is not None:
            flight.entries[cell] = self._say_still_running(execution, now)
        elif execution.is_dropped:
            # It was told to end, and is on its way; its successor begins when it has.
            heir = flight.want(cell)
            heir.before = execution
            return heir
        elif flight.blocks is not None and _runs_on(execution, flight.blocks):
            flight.entries[cell] = find_unreachable(cell, now, self.offset)
        else:
            flight.expect(execution)
        return None

    def _say_still_running(self, execution: Execution, now: float) -> CheckResult:
        cell = execution.cell
        limit_s = cell.check.timeout_s
        result = keep_running(cell, find_still_running(execution, now, self.offset), limit_s)
        last = cell.last
        if last is not None and last.verdict is not result.verdict:
            # It was held back so far, and is not any more.
            cell.last = result._replace(finished=last.finished)
            self.news.note(last, result)
        return result

    def _replace(self, old: Execution, new: Execution) -> Execution:
        """Put a run in place of one of which nothing will come; under the lock."""
        new.waiters, old.waiters = old.waiters, []
        for waiter in new.waiters:
            waiter.replace(old, new)
        new.reservation, old.reservation = old.reservation, None
        old.is_dropped = True
        new.cell.execution = new
        return new

    def move(self, execution: Execution) -> None:
        """Begin a run anew, because its event loop is blocked by another one."""
        with self._lock:
            if execution.result is not None or execution.cell.execution is not execution:
                return
            new = self._replace(execution, Execution(execution.cell, execution.cause))
            new.was_moved = True
        self.places.abandon(execution)
        self._begin_elsewhere(new)

    def _pass(self, gate: Gate) -> None:
        """Begin a run whose needs are known, or leave it when one of them has failed."""
        gates = [gate]
        while gates:
            gate = gates.pop()
            execution = gate.execution
            failed = gate.find_failed()
            if execution.result is not None:
                self.end(execution, None)  # what was before it took too long to end
            elif failed is None:
                self._begin_elsewhere(execution)
            else:
                gates += self._block(execution, failed)

    def _block(self, execution: Execution, failed: CheckResult) -> list[Gate]:
        """Leave a run that says nothing new; return those that waited for it, to be passed.

        They are not woken: one check may block another, and that one the next, and so on, deeper
        than Python goes.
        """
        now = self._monotonic()
        with self._lock:
            self._clear(execution)
            woken = self._settle(execution, find_blocked(execution.cell, failed, now, self.offset))
        for waiter in woken:
            if not isinstance(waiter, Gate):
                waiter.wake()
        if self._changes:
            self.news.tell()
        return [waiter for waiter in woken if isinstance(waiter, Gate)]

    def _begin(self, executions: Sequence[Execution]) -> None:
        """Begin runs, in the thread of who wants them."""
        threads, coroutines = [], []
        for execution in executions:
            if execution.cell.check.is_async and execution.cell.is_plain:
                coroutines.append(execution)
            else:
                threads.append(execution)
        if threads:
            for refused in self.places.begin_in_threads(threads):
                self.lose(refused, _NO_THREAD)
        if not coroutines:
            return
        if coroutines[0].cause.home is not None:
            self.places.begin_here(coroutines)
            return
        for execution in coroutines:
            self._begin_elsewhere(execution)

    def _begin_elsewhere(self, execution: Execution) -> None:
        """Begin a run, from whatever thread."""
        if not execution.cell.check.is_async or not execution.cell.is_plain:
            for refused in self.places.begin_in_threads([execution]):
                self.lose(refused, _NO_THREAD)
            return
        try:
            self.places.hand_over(execution, None)
        except RuntimeError as error:  # the loop is closed, or there is none
            self.lose(execution, f"Could not be run: {error}")

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have the rest of a run awaited on an event loop."""
        self.places.hand_over(execution, value)

    def hand_back(self, execution: Execution) -> None:
        """Have what was concluded on an event loop written down in a thread."""
        for refused in self.places.begin_in_threads([execution]):
            self.end(refused, refused.concluded)  # then it is not

    def end(self, execution: Execution, result: CheckResult | None) -> None:
        """Take in that a run has really ended, and what came of it."""
        cell, woken = execution.cell, _NOBODY
        lock = self._lock
        lock.acquire()  # `with` takes twice as long, and this is done for every run
        try:
            if cell.execution is execution:
                cell.execution = None
            if execution.result is None and result is not None:
                if (
                    result.status is not _HEALTHY
                    or cell.failures
                    or execution.is_repeat
                    or self._listeners
                ):
                    woken = self._settle(execution, result)
                else:  # what most of them come to, in as few steps as it takes
                    execution.result = cell.last = result
                    cell.passed += 1
                    for waiter in execution.waiters:
                        waiter.left -= 1
                        if not waiter.left:
                            woken = (*woken, waiter)
        finally:
            lock.release()
        for waiter in woken:
            waiter.wake()
        if self._changes:
            self.news.tell()
        if execution.heir is not None:
            self._let_in(execution)

    def lose(self, execution: Execution, why: str) -> None:
        """Take in that a run has ended, and that it says nothing of the check."""
        woken = _NOBODY
        with self._lock:
            self._clear(execution)
            if execution.result is None and not execution.is_dropped:
                now = self._monotonic()
                execution.result = find_not_run(execution.cell, why, now, self.offset)
                for waiter in execution.waiters:
                    waiter.left -= 1
                woken = [waiter for waiter in execution.waiters if not waiter.left]
        for waiter in dict.fromkeys(woken):
            waiter.wake()
        if execution.heir is not None:
            self._let_in(execution)

    def _clear(self, execution: Execution) -> None:
        if execution.cell.execution is execution:
            execution.cell.execution = None

    def _settle(self, execution: Execution, result: CheckResult) -> Sequence[Waiter]:
        """Note what came of a run; return whom to wake. Under the lock, once for each run."""
        cell = execution.cell
        before = cell.last
        if not execution.is_repeat:
            _count(cell, result.verdict)
        if cell.failures or result.status is not _HEALTHY:
            result = keep(cell, result, is_repeat=execution.is_repeat)
        execution.result = cell.last = result
        if self._listeners:
            self.news.note(before, result)
        woken = _NOBODY
        for waiter in execution.waiters:
            waiter.left -= 1
            if not waiter.left:
                woken = (*woken, waiter)
        return woken

    def _let_in(self, execution: Execution) -> None:
        """Let the next run of the same check begin, unless it waits for something else."""
        with self._lock:
            gate, execution.heir = execution.heir, None
            if gate is None:
                return
            gate.left -= 1
            is_ready = not gate.left
        if is_ready:
            gate.wake()

    def look(self, flight: Flight) -> float:
        """Settle what took too long; return in how many seconds to look again."""
        now = self._monotonic()
        again = flight.due
        for execution in flight.unsettled():
            if execution.crew is not None and execution.crew.loop is not flight.home:
                if execution.is_gone:
                    self.lose(execution, "The event loop where it ran was closed")
                again = min(again, now + _LOOK_AGAIN_S)  # nobody tells when that happens
            limit_s = execution.cell.check.timeout_s
            if limit_s is None:
                continue
            begun = _begin_of(execution)
            # What has not begun cannot be late before it has run for as long as it may.
            due = (now if begun is None else begun) + limit_s + execution.lost_s
            if now < due:
                again = min(again, due)
            else:
                self.time_out(execution, now)
        return max(0.0, again - now)

    def time_out(self, execution: Execution, now: float) -> None:
        """Settle a run that takes too long; does nothing when it has just ended."""
        with self._lock:
            if execution.result is not None:
                return
            woken = self._settle(execution, self._find_late(execution, now))
        self.places.abandon(execution)
        for waiter in woken:
            waiter.wake()
        if self._changes:
            self.news.tell()

    def _find_late(self, execution: Execution, now: float) -> CheckResult:
        if execution.concluded is not None:
            return execution.concluded  # only writing it down takes long
        before = execution.awaited
        if before is not None:
            execution.begun = before.begun
            return find_still_running(execution, now, self.offset)
        return find_overdue(execution, now, self.offset)

    def go_without(self, flight: Flight) -> None:
        """Wait no more, as the report is due; nothing that takes so long may hold up others."""
        with self._lock:
            unsettled = flight.unsettled()
            for execution in unsettled:
                execution.waiters.remove(flight)
            self._ask_no_more(flight)
        for execution in unsettled:
            if execution.begun is not None:
                self.places.release(execution)

    def leave(self, flight: Flight) -> list[Execution]:
        """Wait for nothing any more; what nobody else waits for is ended, where that can be."""
        dropped = []
        with self._lock:
            # Those that wait for others come last, and keep them from being ended.
            for execution in reversed(flight.unsettled()):
                execution.waiters.remove(flight)
                if execution.waiters:
                    continue
                gate = execution.gate
                if gate is not None and gate.left:
                    if execution.cell.execution is execution:
                        execution.cell.execution = execution.awaited
                    gate.remove()
                elif _can_be_dropped(execution):
                    execution.is_dropped = True
                    dropped.append(execution)
            self._ask_no_more(flight)
        for execution in dropped:
            self.places.abandon(execution)
        return dropped

    def ask_no_more(self, flight: Flight) -> None:
        """Note that a report is there, which was asked inside of a run."""
        with self._lock:
            self._ask_no_more(flight)

    @staticmethod
    def _ask_no_more(flight: Flight) -> None:
        inside = flight.inside
        if inside is not None:
            inside.asking = tuple(one for one in inside.asking if one is not flight)


def _count(cell: Cell, verdict: CheckVerdict) -> None:
    if verdict is CheckVerdict.PASSED:
        cell.passed += 1
    elif verdict is not CheckVerdict.SKIPPED:  # then it was not run
        cell.others[verdict] = cell.others.get(verdict, 0) + 1


def _begin_of(execution: Execution) -> float | None:
    """Return since when a check runs; one that has to wait for its last run, since that began."""
    before = execution.awaited
    return execution.begun if before is None else before.begun


def _can_be_dropped(execution: Execution) -> bool:
    """Tell whether a run can be ended, and nothing is lost with it."""
    is_coroutine = execution.cell.check.is_async or execution.crew is not None
    # A run of a budget was taken from it already.
    return is_coroutine and execution.cell.check.frequency is None and execution.concluded is None


def _runs_on(execution: Execution, loop: asyncio.AbstractEventLoop) -> bool:
    if execution.crew is not None:
        return execution.crew.loop is loop
    return execution.cell.check.is_async and execution.cause.home is loop
