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
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

from allgreen.domain.report import CheckResult, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.clock import SYSTEM_CLOCK, Clock
from allgreen.health.environment import environment_name
from allgreen.health.execution import Cell, Execution, Gate, Waiter
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
    find_unreachable,
)
from allgreen.health.flight import Flight, LoopBell, ThreadBell
from allgreen.health.isolation import is_of_user
from allgreen.health.ledger import Ledger
from allgreen.health.loops import GRACE_S
from allgreen.health.places import Places
from allgreen.health.plan import Plan, Step
from allgreen.health.procedure import Hook, Procedure, Rations, Surroundings
from allgreen.health.rationing import Rationing
from allgreen.health.redaction import Scrubber
from allgreen.health.registry import CheckRegistry
from allgreen.health.runs import DEADLINE_S, Runs
from allgreen.health.thresholds import keep, keep_running

logger = logging.getLogger(__name__)

SPREAD_AFTER_S: Final = 0.001
"""What one worker has not done by then is given to more of them."""
_HEALTHY: Final = HealthStatus.HEALTHY  # to read it from its enum takes longer than to compare it
CONFIGURATION: Final = "allgreen:config"
"""Name of the result that says what is wrong with the checks as they are defined."""

_NOBODY: Final[Sequence[Waiter]] = ()
_LOOK_AGAIN_S: Final = 1.0
_NO_THREAD: Final = "Could not be run: no thread can be started"

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

    def __post_init__(self) -> None:
        """Refuse what would keep checks from running.

        Raises:
            SettingsError: A number cannot be used.
        """
        if not self.concurrency >= 1:
            raise SettingsError("concurrency", f"{self.concurrency!r} is less than 1.")
        for name in ("keep_good_for_s", "keep_bad_for_s", "snapshot_for_s"):
            seconds = getattr(self, name)
            if not seconds >= 0:  # nor what is no number
                raise SettingsError(name, f"{seconds!r} is no number of seconds from 0.")


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
        self._places = Places(
            self.options.concurrency, run.work, run.run_on_loop, self.lose, self._move
        )
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._news: deque[tuple[CheckResult | None, CheckResult]] = deque()
        self._plan = Plan((), {})
        self._plan_version = -1
        self._problem: tuple[str, str] | None = None
        self._notes: dict[str, str] = {}
        _ALL.add(self)

    @property
    def stuck(self) -> int:
        """Return how many checks hang, in a thread or on an event loop."""
        return self._places.left_behind

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
        blocks = asyncio._get_running_loop()  # noqa: SLF001 - the other one raises, which takes long
        flight = Flight(bell.ring, None, self._clock.monotonic(), deadline_s, blocks)
        shown = self._take_off(flight, names, tags, fresh)
        if flight.left:
            self._wait(flight, bell)
        return self._land(flight, shown)

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
        shown = self._take_off(flight, names, tags, fresh)
        if flight.left:
            await self._wait_on_loop(flight, bell)
        return self._land(flight, shown)

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
    ) -> Sequence[Cell]:
        """Find out what is known already, and begin or join the runs of the rest.

        Returns:
            What the report shows, whatever becomes of these checks meanwhile.
        """
        selection = self._current_plan().select(names, tags)
        self.offset = self._clock.wall() - flight.began
        try:
            self._begin_or_join(flight, selection.steps, fresh)
        except BaseException:  # who asked is interrupted
            self._take_back(flight)
            raise
        return selection.shown

    def _begin_or_join(self, flight: Flight, steps: Sequence[Step], fresh: bool) -> None:
        begun: list[Execution] = []
        ready: list[Gate] = []
        with self._lock:
            if flight.inside is not None:
                flight.inside.asking = (*flight.inside.asking, flight)
            for cell, needs in steps:
                execution = (
                    self._find_or_make(cell, flight, fresh)
                    if cell.execution is None
                    else self._join(cell, cell.execution, flight)
                )
                if execution is None:
                    continue
                if not needs and execution.before is None:
                    begun.append(execution)
                    continue
                gate = Gate(self._pass, execution, [flight.entries[one] for one in needs])
                if not gate.left:
                    ready.append(gate)
        for gate in ready:
            gate.wake()
        if begun:
            self._begin(begun)
        if self._news:
            self._tell()

    def _take_back(self, flight: Flight) -> None:
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

    def _find_or_make(self, cell: Cell, flight: Flight, fresh: bool) -> Execution | None:
        """Show what was found a moment ago, or return the run that is to be begun."""
        last = cell.last
        if last is not None and not fresh and flight.began - last.finished < self._keeps_for(last):
            flight.entries[cell] = last
            return None
        execution = Execution(cell, flight)
        flight.expect(execution)
        cell.execution = execution
        return execution

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
            heir = Execution(cell, flight)
            heir.before = execution
            cell.execution = heir
            flight.expect(heir)
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
            self._note_change(last, result)
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

    def _move(self, execution: Execution) -> None:
        """Begin a run anew, because its event loop is blocked by another one."""
        with self._lock:
            if execution.result is not None or execution.cell.execution is not execution:
                return
            new = self._replace(execution, Execution(execution.cell, execution.cause))
            new.was_moved = True
        self._places.abandon(execution)
        self._begin_elsewhere(new)

    def _keeps_for(self, result: CheckResult) -> float:
        is_good = result.status is _HEALTHY
        return self.options.keep_good_for_s if is_good else self.options.keep_bad_for_s

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
        now = self._clock.monotonic()
        with self._lock:
            self._clear(execution)
            woken = self._settle(execution, find_blocked(execution.cell, failed, now, self.offset))
        for waiter in woken:
            if not isinstance(waiter, Gate):
                waiter.wake()
        if self._news:
            self._tell()
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
            for refused in self._places.begin_in_threads(threads):
                self.lose(refused, _NO_THREAD)
        if not coroutines:
            return
        if coroutines[0].cause.home is not None:
            self._places.begin_here(coroutines)
            return
        for execution in coroutines:
            self._begin_elsewhere(execution)

    def _begin_elsewhere(self, execution: Execution) -> None:
        """Begin a run, from whatever thread."""
        if not execution.cell.check.is_async or not execution.cell.is_plain:
            for refused in self._places.begin_in_threads([execution]):
                self.lose(refused, _NO_THREAD)
            return
        try:
            self._places.hand_over(execution, None)
        except RuntimeError as error:  # the loop is closed, or there is none
            self.lose(execution, f"Could not be run: {error}")

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have the rest of a run awaited on an event loop."""
        self._places.hand_over(execution, value)

    def hand_back(self, execution: Execution) -> None:
        """Have what was concluded on an event loop written down in a thread."""
        for refused in self._places.begin_in_threads([execution]):
            self.end(refused, refused.concluded)  # then it is not

    def end(self, execution: Execution, result: CheckResult | None) -> None:
        """Take in that a run has really ended, and what came of it."""
        cell, woken = execution.cell, _NOBODY
        with self._lock:
            if cell.execution is execution:
                cell.execution = None
            if execution.result is None and result is not None:
                woken = self._settle(execution, result)
        for waiter in woken:
            waiter.wake()
        if self._news:
            self._tell()
        if execution.heir is not None:
            self._let_in(execution)

    def lose(self, execution: Execution, why: str) -> None:
        """Take in that a run has ended, and that it says nothing of the check."""
        woken = _NOBODY
        with self._lock:
            self._clear(execution)
            if execution.result is None and not execution.is_dropped:
                now = self._clock.monotonic()
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
        if cell.failures or result.status is not _HEALTHY:
            result = keep(cell, result, is_repeat=execution.is_repeat)
        execution.result = cell.last = result
        if self.listeners:
            self._note_change(before, result)
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

    def _note_change(self, before: CheckResult | None, result: CheckResult) -> None:
        if self.listeners and (before is None or before.verdict is not result.verdict):
            self._news.append((before, result))

    def _tell(self) -> None:
        """Tell of changes in their order; who comes while others are told leaves it to them."""
        while self._news and self._telling.acquire(blocking=False):
            try:
                while self._news:
                    self._tell_of(*self._news.popleft())
            finally:
                self._telling.release()

    def _tell_of(self, before: CheckResult | None, result: CheckResult) -> None:
        for listener in self.listeners:
            try:
                listener(before, result)
            except BaseException as error:
                if is_of_user(error):
                    raise
                # Who listens must not change what is reported.
                logger.exception("A listener failed on %r", result.name)

    # Waiting --------------------------------------------------------------------------------

    def _wait(self, flight: Flight, bell: ThreadBell) -> None:
        if bell.wait(SPREAD_AFTER_S):
            return
        workers, inside = self._places.workers, flight.inside
        is_lent = inside is not None and inside.worker is not None and inside.crew is None
        if is_lent:
            workers.lend()
        try:
            workers.spread()
            while not bell.wait(self._look(flight)):
                if self._clock.monotonic() >= flight.due:
                    self._go_without(flight)
                    return
        except BaseException:  # who asked is interrupted
            self._leave(flight)
            raise
        finally:
            if is_lent:
                workers.take_back()

    async def _wait_on_loop(self, flight: Flight, bell: LoopBell) -> None:
        seconds, lent = SPREAD_AFTER_S, self._lend(flight)
        try:
            while not await bell.wait(seconds):
                if self._clock.monotonic() >= flight.due:
                    self._go_without(flight)
                    return
                self._places.workers.spread()
                seconds = self._look(flight)
        except asyncio.CancelledError:
            await self._wait_for_end(self._leave(flight))
            raise
        finally:
            if lent is not None:
                lent.take_back()

    @staticmethod
    async def _wait_for_end(executions: Sequence[Execution]) -> None:
        """Let what was cancelled clean up, as far as it does so soon."""
        here = asyncio.get_running_loop()
        crews = ((execution, execution.crew) for execution in executions)
        tasks = [one.task for one, crew in crews if one.task and crew and crew.loop is here]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_S)

    def _lend(self, flight: Flight) -> _Lent | None:
        """Let another check run in the place of the one in which the report was asked."""
        inside = flight.inside
        if inside is None:
            return None
        lent: _Lent | None = None
        if inside.crew is None:
            lent = self._places.workers if inside.worker is not None else None
        elif inside.crew.loop is asyncio.get_running_loop():
            lent = inside.crew
        if lent is not None:
            lent.lend()
        return lent

    def _look(self, flight: Flight) -> float:
        """Settle what took too long; return in how many seconds to look again."""
        now = self._clock.monotonic()
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
                self._time_out(execution, now)
        return max(0.0, again - now)

    def _time_out(self, execution: Execution, now: float) -> None:
        with self._lock:
            if execution.result is not None:
                return
            woken = self._settle(execution, self._find_late(execution, now))
        self._places.abandon(execution)
        for waiter in woken:
            waiter.wake()
        if self._news:
            self._tell()

    def _find_late(self, execution: Execution, now: float) -> CheckResult:
        if execution.concluded is not None:
            return execution.concluded  # only writing it down takes long
        before = execution.awaited
        if before is not None:
            execution.begun = before.begun
            return find_still_running(execution, now, self.offset)
        return find_overdue(execution, now, self.offset)

    def _go_without(self, flight: Flight) -> None:
        """Wait no more, as the report is due; nothing that takes so long may hold up others."""
        with self._lock:
            unsettled = flight.unsettled()
            for execution in unsettled:
                execution.waiters.remove(flight)
            self._ask_no_more(flight)
        for execution in unsettled:
            if execution.begun is not None:
                self._places.release(execution)

    def _leave(self, flight: Flight) -> list[Execution]:
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
            self._places.abandon(execution)
        return dropped

    @staticmethod
    def _ask_no_more(flight: Flight) -> None:
        inside = flight.inside
        if inside is not None:
            inside.asking = tuple(one for one in inside.asking if one is not flight)

    # What comes of it -----------------------------------------------------------------------

    def _land(self, flight: Flight, shown: Sequence[Cell]) -> Report:
        now = self._clock.monotonic()
        entries = flight.entries
        results = [self._find(entries[cell], now) for cell in shown]
        if flight.inside is not None:
            with self._lock:
                self._ask_no_more(flight)
        return self._report(results, flight.began, now)

    def _report(self, results: Iterable[CheckResult], began: float, now: float) -> Report:
        if self._notes:
            results = [self._noted(result) for result in results]
        problem = self._problem
        if problem is not None:
            results = (*results, find_misconfigured(*problem, now, self.offset))
        return Report.of(
            results,
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
        need = None if entry.gate is None or entry.begun is not None else entry.gate.find_first()
        if need is not None:
            return find_blocked(entry.cell, self._find(need, now), now, self.offset)
        return find_unfinished(entry, now, self.offset)

    def _current_plan(self) -> Plan:
        version = self.registry.version
        if version != self._plan_version:
            with self._lock:
                self._plan = Plan(self.registry.checks, self._plan.cells)
                self._problem = self._find_problem()
                self._notes = {each.name: each.note for each in self._plan.cells if each.note}
                self._plan_version = version
        return self._plan

    def _find_problem(self) -> tuple[str, str] | None:
        """Return the name of a result that says what is wrong with the checks, and what that is."""
        problems = self.registry.problems()
        if not problems:
            return None
        # A file that cannot be loaded has a check of this name.
        is_taken = any(check.name == CONFIGURATION for check in self.registry.checks)
        return f"{CONFIGURATION}:dependencies" if is_taken else CONFIGURATION, " ".join(problems)

    def _start_over(self) -> None:
        """Begin anew in the child of a fork, where nothing that ran goes on."""
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._news.clear()
        cells = self._plan.cells.values()
        self._places.start_over([cell.execution for cell in cells if cell.execution is not None])
        for cell in cells:
            cell.execution = None

    def __del__(self) -> None:
        """End the threads that would otherwise wait for ever."""
        places: Places | None = getattr(self, "_places", None)
        if places is not None:
            places.close()


class _Lent(Protocol):
    """Where another one runs while one waits for others."""

    def lend(self) -> None:
        """Let another one run."""

    def take_back(self) -> None:
        """Say that the one that waited goes on."""


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


_ALL: Final[weakref.WeakSet[CheckRunner]] = weakref.WeakSet()


def _start_over() -> None:
    for runner in list(_ALL):
        runner._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
