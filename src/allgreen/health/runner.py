"""CheckRunner: from the checks of a registry to a report, in time and without harm.

Each check runs once at a time, whoever asks: those who ask while it runs share what comes of it.
Checks that are no coroutines run in daemon threads, the others on the event loop of whoever asks,
or on one of our own. A check that takes too long is reported as failed at that moment; what still
runs of it is left alone, and no second run is begun beside it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from allgreen.domain.report import CheckResult, Ending, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.clock import SYSTEM_CLOCK, Clock
from allgreen.health.environment import environment_name
from allgreen.health.execution import Cell, Execution, Waiter
from allgreen.health.findings import (
    find_blocked,
    find_itself,
    find_misconfigured,
    find_not_run,
    find_not_yet,
    find_overdue,
    find_stale,
    find_still_running,
    find_unfinished,
)
from allgreen.health.flight import Flight, LoopBell, ThreadBell
from allgreen.health.ledger import Ledger
from allgreen.health.places import Places
from allgreen.health.plan import Plan
from allgreen.health.procedure import Hook, Procedure, Rations, Surroundings
from allgreen.health.rationing import Rationing
from allgreen.health.redaction import Scrubber
from allgreen.health.registry import CheckRegistry
from allgreen.health.runs import DEADLINE_S, Runs
from allgreen.health.thresholds import keep

logger = logging.getLogger(__name__)

SPREAD_AFTER_S: Final = 0.001
"""What one worker has not done by then is given to more of them."""
_HEALTHY: Final = HealthStatus.HEALTHY  # to read it from its enum takes longer than to compare it
CONFIGURATION: Final = "allgreen:config"
"""Name of the result that says what is wrong with the checks as they are defined."""

_NOBODY: Final[tuple[Waiter, ...]] = ()

Listener = Callable[[CheckResult | None, CheckResult], None]
"""Is told of a result whose reported verdict is another one than before, and of the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How checks are run.

    Attributes:
        concurrency: How many run at once, those that hang not counted.
        keep_good_for_s: For so many seconds a check that passed is not run again.
        keep_bad_for_s: The same for all others.
        snapshot_for_s: A result that is not older may be shown, marked as stale, when a newer
            one does not come in time.
        own_loop: Run coroutines on an event loop of our own, so that one that blocks harms
            nobody. Clients that belong to the loop of the program cannot be used in them then.
        empty: The status when nothing is known at all.
        before: Called in the thread of a check before it is run.
        after: Called there when it was run, whatever came of it.
        scrubbers: What else removes secrets from texts, each a function of a text.
        keep_tracebacks: Keep whole tracebacks; by default in development only.
    """

    concurrency: int = 8
    keep_good_for_s: float = 1.0
    keep_bad_for_s: float = 1.0
    snapshot_for_s: float = 30.0
    own_loop: bool = False
    empty: HealthStatus = HealthStatus.UNHEALTHY
    before: Hook | None = None
    after: Hook | None = None
    scrubbers: tuple[Scrubber, ...] = ()
    keep_tracebacks: bool | None = None


@final
class CheckRunner(Runs):
    """Runs the checks of a registry. One for a program; safe in threads, on loops, after forks.

    Attributes:
        listeners: Are told of each change, in the thread or on the loop where it was found.
        offset: What lies between the monotonic clock and seconds since 1970.

    Args:
        registry: Whose checks are run, as they are at that moment.
        options: How.
        environment: Such as ``production``; by default what the environment says.
        application: Name of the program.
        version: Its version.
        clock: For tests.
        rations: How ``run="2 times per day"`` is kept; by default in the state directory.
    """

    def __init__(
        self,
        registry: CheckRegistry,
        options: RunOptions | None = None,
        *,
        environment: str | None = None,
        application: str = "",
        version: str = "",
        clock: Clock = SYSTEM_CLOCK,
        rations: Rations | None = None,
    ) -> None:
        self.registry = registry
        self.options = options or RunOptions()
        self.environment = environment or environment_name()
        self.application = application
        self.version = version
        self.listeners: list[Listener] = []
        self._clock = clock
        self.offset = clock.wall() - clock.monotonic()
        keeps = self.options.keep_tracebacks
        around = Surroundings(
            environment=self.environment,
            monotonic=clock.monotonic,
            rations=rations or Rationing(Ledger(application=application), clock),
            keeps_tracebacks=self.environment == "development" if keeps is None else keeps,
            scrubbers=self.options.scrubbers,
            before=self.options.before,
            after=self.options.after,
        )
        run = Procedure(around, self)
        self._places = Places(self.options.concurrency, run.work, run.run_on_loop)
        self._lock = threading.Lock()
        self._plan = Plan((), {})
        self._plan_version = -1
        self._problems: tuple[CheckResult, ...] = ()
        self._notes: dict[str, str] = {}
        _ALL.add(self)

    @property
    def stuck(self) -> int:
        """Return how many threads hang in a check."""
        return self._places.workers.given_up

    def run(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return a report, and block until it is there; see `Runs`."""
        bell = ThreadBell()
        flight = Flight(bell.ring, None, self._clock.monotonic(), deadline_s)
        self._take_off(flight, names, tags, fresh)
        if flight.left:
            self._wait(flight, bell)
        return self._land(flight, names, tags)

    async def run_async(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return a report without blocking the event loop; see `Runs`."""
        loop = asyncio.get_running_loop()
        bell = LoopBell(loop)
        home = None if self.options.own_loop else loop
        flight = Flight(bell.ring, home, self._clock.monotonic(), deadline_s)
        self._take_off(flight, names, tags, fresh)
        if flight.left:
            await self._wait_on_loop(flight, bell)
        return self._land(flight, names, tags)

    def now(self) -> float:
        """Return the monotonic clock by which ages are told, in seconds."""
        return self._clock.monotonic()

    def recall(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        stale_after_s: float,
    ) -> Report:
        """Return a report of what is known, and run nothing; see `Runs`."""
        now = self._clock.monotonic()
        self.offset = self._clock.wall() - now
        shown = self._current_plan().select(names, tags).shown
        results = (self._recall(cell, now, stale_after_s) for cell in shown)
        return self._report(results, now, now)

    def _recall(self, cell: Cell, now: float, stale_after_s: float) -> CheckResult:
        last = cell.last
        if last is None:
            return find_not_yet(cell, now, self.offset)
        is_kept = last.verdict is not CheckVerdict.SKIPPED and cell.check.frequency is None
        if is_kept and now - last.finished > stale_after_s:
            return find_stale(last, now, stale_after_s)
        return last

    # Who waits for what ---------------------------------------------------------------------

    def _take_off(
        self,
        flight: Flight,
        names: Collection[str] | None,
        tags: Collection[str],
        fresh: bool,
    ) -> None:
        """Find out what is known already, and begin or join the runs of the rest."""
        steps = self._current_plan().select(names, tags).steps
        self.offset = self._clock.wall() - flight.began
        begun: list[Execution] = []
        gates: list[_Gate] = []
        with self._lock:
            for cell, needs in steps:
                execution = self._enter(cell, flight, fresh)
                if execution is None:
                    continue
                if needs:
                    gates.append(
                        _Gate(self._pass, execution, [flight.entries[one] for one in needs])
                    )
                else:
                    begun.append(execution)
        for gate in gates:
            if not gate.left:
                gate.wake()
        if begun:
            self._begin(begun)

    def _enter(self, cell: Cell, flight: Flight, fresh: bool) -> Execution | None:
        """Note what a flight will show of a check; return the run that is to be begun for it."""
        now, execution, last = flight.began, cell.execution, cell.last
        if execution is None:
            if last is not None and not fresh and now - last.finished < self._keeps_for(last):
                flight.entries[cell] = last
                return None
            cell.execution = execution = Execution(cell, flight)
            flight.expect(execution)
            return execution
        if flight.inside is not None and flight.inside.is_within(cell):
            flight.entries[cell] = find_itself(cell, now, self.offset)
        elif execution.result is not None:
            flight.entries[cell] = find_still_running(execution, now, self.offset)
        elif execution.is_dropped:
            # It was told to end, and is on its way; its successor begins when it has.
            heir = Execution(cell, flight)
            execution.heir = cell.execution = heir
            flight.expect(heir)
        else:
            flight.expect(execution)
        return None

    def _keeps_for(self, result: CheckResult) -> float:
        is_good = result.status is _HEALTHY
        return self.options.keep_good_for_s if is_good else self.options.keep_bad_for_s

    def _pass(self, gate: _Gate) -> None:
        """Begin a run whose needs are known, or leave it when one of them has failed."""
        execution, now = gate.execution, self._clock.monotonic()
        failed = gate.find_failed()
        if failed is not None:
            self.end(execution, find_blocked(execution.cell, failed, now, self.offset))
        else:
            self._begin([execution])

    def _begin(self, executions: Sequence[Execution]) -> None:
        threads, coroutines = [], []
        for execution in executions:
            if execution.cell.check.is_async and execution.cell.is_plain:
                coroutines.append(execution)
            else:
                threads.append(execution)
        try:
            if threads:
                self._places.begin_in_threads(threads)
            if coroutines:
                self._places.begin_on_loop(coroutines)
        except RuntimeError as error:  # no thread can be started, or the loop is closed
            now = self._clock.monotonic()
            for execution in (*threads, *coroutines):
                if execution.begun is None:
                    why = f"Could not be run: {error}"
                    self.end(execution, find_not_run(execution.cell, why, now, self.offset))

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have the rest of a run awaited on an event loop."""
        self._places.hand_over(execution, value)

    def hand_back(self, execution: Execution) -> None:
        """Have what was concluded on an event loop written down in a thread."""
        self._places.begin_in_threads([execution])

    def end(self, execution: Execution, result: CheckResult | None) -> None:
        """Take in that a run has really ended, and what came of it."""
        cell, woken, before, kept = execution.cell, _NOBODY, None, None
        with self._lock:
            if cell.execution is execution:
                cell.execution = None
            if execution.result is None and result is not None:
                before = cell.last
                woken = self._settle(execution, result)
                kept = cell.last
        for waiter in woken:
            waiter.wake()
        if self.listeners and kept is not None:
            self._tell(before, kept)
        if execution.heir is not None:
            self._begin([execution.heir])

    def _settle(self, execution: Execution, result: CheckResult) -> tuple[Waiter, ...]:
        """Note what came of a run; return whom to wake. Under the lock, once for each run."""
        cell = execution.cell
        if cell.failures or result.status is not _HEALTHY:
            result = keep(cell, result)
        execution.result = cell.last = result
        woken = _NOBODY
        for waiter in execution.waiters:
            waiter.left -= 1
            if not waiter.left:
                woken = (*woken, waiter)
        return woken

    def _tell(self, before: CheckResult | None, result: CheckResult) -> None:
        if before is not None and before.verdict is result.verdict:
            return
        for listener in self.listeners:
            try:
                listener(before, result)
            except Exception:  # who listens must not change what is reported
                logger.exception("A listener failed on %r", result.name)

    # Waiting --------------------------------------------------------------------------------

    def _wait(self, flight: Flight, bell: ThreadBell) -> None:
        if bell.wait(SPREAD_AFTER_S):
            return
        workers = self._places.workers
        is_lent = flight.inside is not None and flight.inside.worker is not None
        if is_lent:
            workers.lend()
        try:
            workers.spread()
            while not bell.wait(self._look(flight)):
                if self._clock.monotonic() >= flight.due:
                    return
        finally:
            if is_lent:
                workers.take_back()

    async def _wait_on_loop(self, flight: Flight, bell: LoopBell) -> None:
        seconds = SPREAD_AFTER_S
        try:
            while not await bell.wait(seconds):
                if self._clock.monotonic() >= flight.due:
                    return
                self._places.workers.spread()
                seconds = self._look(flight)
        except asyncio.CancelledError:
            self._leave(flight)
            raise

    def _look(self, flight: Flight) -> float:
        """Settle what took too long; return in how many seconds to look again."""
        now = self._clock.monotonic()
        again = flight.due
        for execution in flight.unsettled():
            limit_s = execution.cell.check.timeout_s
            if limit_s is None:
                continue
            # What has not begun cannot be late before it has run for as long as it may.
            due = (now if execution.begun is None else execution.begun) + limit_s
            if now < due:
                again = min(again, due)
            else:
                self._time_out(execution, now)
        return max(0.0, again - now)

    def _time_out(self, execution: Execution, now: float) -> None:
        woken, before = _NOBODY, execution.cell.last
        with self._lock:
            is_news = execution.result is None
            if is_news:
                woken = self._settle(execution, find_overdue(execution, now, self.offset))
        if not is_news:
            return
        self._places.abandon(execution)
        for waiter in woken:
            waiter.wake()
        if execution.cell.last is not None:
            self._tell(before, execution.cell.last)

    def _leave(self, flight: Flight) -> None:
        """Wait for nothing any more; what nobody else waits for is ended, where that can be."""
        dropped = []
        with self._lock:
            for execution in flight.unsettled():
                execution.waiters.remove(flight)
                if not execution.waiters and execution.cell.check.is_async:
                    execution.is_dropped = True
                    dropped.append(execution)
        for execution in dropped:
            self._places.abandon(execution)

    # What comes of it -----------------------------------------------------------------------

    def _land(self, flight: Flight, names: Collection[str] | None, tags: Collection[str]) -> Report:
        now = self._clock.monotonic()
        entries = flight.entries
        shown = self._plan.select(names, tags).shown
        results = [self._find(entries[cell], now) for cell in shown if cell in entries]
        return self._report(results, flight.began, now)

    def _report(self, results: Iterable[CheckResult], began: float, now: float) -> Report:
        if self._notes:
            results = [self._noted(result) for result in results]
        return Report.of(
            (*results, *self._problems),
            at=now + self.offset,
            made=now,
            duration_ms=(now - began) * 1000,
            empty=self.options.empty,
            application=self.application,
            version=self.version,
            environment=self.environment,
        )

    def _noted(self, result: CheckResult) -> CheckResult:
        """Return a result with what there is to say of its check."""
        notes = filter(None, (result.note, self._notes.get(result.label.name)))
        return result._replace(note="; ".join(notes))

    def _find(self, entry: Execution | CheckResult, now: float) -> CheckResult:
        if isinstance(entry, CheckResult):
            return entry
        if entry.result is not None:
            return entry.result
        last = entry.cell.last
        if last is not None and now - last.finished <= self.options.snapshot_for_s:
            return last._replace(is_stale=True)
        return find_unfinished(entry, now, self.offset)

    def _current_plan(self) -> Plan:
        version = self.registry.version
        if version != self._plan_version:
            with self._lock:
                self._plan = Plan(self.registry.checks, self._plan.cells)
                self._problems = self._find_problems()
                self._notes = {each.name: each.note for each in self._plan.cells if each.note}
                self._plan_version = version
        return self._plan

    def _find_problems(self) -> tuple[CheckResult, ...]:
        problems = self.registry.problems()
        if not problems:
            return ()
        now = self._clock.monotonic()
        # A file that cannot be loaded has a check of this name.
        is_taken = any(check.name == CONFIGURATION for check in self.registry.checks)
        name = f"{CONFIGURATION}:dependencies" if is_taken else CONFIGURATION
        return (find_misconfigured(name, " ".join(problems), now, self.offset),)

    def _start_over(self) -> None:
        """Begin anew in the child of a fork, where nothing that ran goes on."""
        self._lock = threading.Lock()
        self._places.start_over()
        for cell in self._plan.cells.values():
            cell.execution = None


@final
class _Gate:
    """Keeps a run back until what it depends on is known."""

    __slots__ = ("_begin", "_needs", "execution", "left")

    def __init__(
        self,
        begin: Callable[[_Gate], None],
        execution: Execution,
        needs: Sequence[Execution | CheckResult],
    ) -> None:
        self._begin = begin
        self._needs = needs
        self.execution = execution
        self.left = 0
        for need in needs:
            if isinstance(need, Execution) and need.result is None:
                need.waiters.append(self)
                self.left += 1

    def wake(self) -> None:
        """Say that all is known."""
        self._begin(self)

    def find_failed(self) -> CheckResult | None:
        """Return the first result without which this run would say nothing new."""
        for need in self._needs:
            result = need.result if isinstance(need, Execution) else need
            if result is not None and (result.is_bad or result.ending is Ending.BLOCKED):
                return result
        return None


_ALL: Final[weakref.WeakSet[CheckRunner]] = weakref.WeakSet()


def _start_over() -> None:
    for runner in list(_ALL):
        runner._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
