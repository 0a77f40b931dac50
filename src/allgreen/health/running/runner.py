"""CheckRunner: from the checks of a registry to a report, in time and without harm.

Each check runs once at a time, whoever asks: those who ask while it runs share what comes of it.
Checks that are no coroutines run in daemon threads, the others on the event loop of whoever asks,
or on one of our own. A check that takes too long is reported as failed at that moment; what still
runs of it is left alone, and no second run is begun beside it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, Protocol, final

from allgreen.domain.report import CheckResult, Report
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.clock import SYSTEM_CLOCK, Clock
from allgreen.health.environment import environment_name
from allgreen.health.redaction import Scrubber
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.dispatch import Dispatch
from allgreen.health.running.execution import Cell, Execution
from allgreen.health.running.findings import (
    find_blocked,
    find_misconfigured,
    find_not_yet,
    find_stale,
    find_unfinished,
    find_unseen,
)
from allgreen.health.running.flight import Flight, LoopBell, ThreadBell
from allgreen.health.running.loops import GRACE_S, find_loop_here
from allgreen.health.running.news import Listener
from allgreen.health.running.places import Places
from allgreen.health.running.plan import Plan, Selection
from allgreen.health.running.procedure import Hook, Rations, Surroundings
from allgreen.health.running.rationing import Rationing
from allgreen.health.runs import DEADLINE_S, Runs, Tally

SPREAD_AFTER_S: Final = 0.001
"""What one worker has not done by then is given to more of them."""
_BAD: Final = (CheckVerdict.FAILED, CheckVerdict.ERROR)
CONFIGURATION: Final = "allgreen:config"
"""Name of the result that says what is wrong with the checks as they are defined."""


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
            # Nor what is no number, nor for ever: what was good once would stay so.
            if not 0 <= seconds < float("inf"):
                raise SettingsError(name, f"{seconds!r} is no number of seconds from 0.")


@final
class CheckRunner(Runs):
    """Runs the checks of a registry. One for a program; safe in threads, on loops, after forks.

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
        self._clock = clock
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
        self._dispatch = Dispatch(
            around,
            concurrency=self.options.concurrency,
            keep_good_for_s=self.options.keep_good_for_s,
            keep_bad_for_s=self.options.keep_bad_for_s,
        )
        self._places = self._dispatch.places
        self._lock = threading.Lock()
        self._plan = Plan((), {})
        self._plan_version = -1
        self._problem: tuple[str, str] | None = None
        self._notes: dict[str, str] = {}
        _ALL.add(self)

    @property
    def listeners(self) -> list[Listener]:
        """Return those who are told of each change, to be added to; see `News`."""
        return self._dispatch.news.listeners

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
        flight = Flight(bell.ring, None, self._clock.monotonic(), deadline_s, find_loop_here())
        selection = self._take_off(flight, names, tags, fresh)
        if flight.left:
            self._wait(flight, bell)
        return self._land(flight, selection)

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
        selection = self._take_off(flight, names, tags, fresh)
        if flight.left:
            await self._wait_on_loop(flight, bell)
        return self._land(flight, selection)

    def now(self) -> float:
        """Return the monotonic clock by which ages are told, in seconds."""
        return self._clock.monotonic()

    def recall(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        stale_after_s: float,
        unseen_after_s: float = inf,
    ) -> Report:
        """Return a report of what is known, and run nothing; see `Runs`.

        Args:
            names: See `Runs`.
            tags: See `Runs`.
            stale_after_s: See `Runs`. Not for a check with a budget, whose last result counts
                until it runs again.
            unseen_after_s: For so many seconds such a check counts after somebody last wanted to
                run it.
        """
        now = self._clock.monotonic()
        self._dispatch.offset = self._clock.wall() - now
        selection = self._current_plan().select(names, tags)
        limits_s = (stale_after_s, unseen_after_s)
        results = [self._recall(cell, now, *limits_s) for cell in selection.shown]
        if selection.beneath:
            beneath = (self._recall(cell, now, *limits_s) for cell in selection.beneath)
            results += (result for result in beneath if result.is_bad)
        return self._report(results, now, now)

    def tally(self) -> Tally:
        """Return how many runs of each check ended how; see `Runs`."""
        cells = self._current_plan().cells.values()
        return {
            cell.label.name: {
                CheckVerdict.PASSED: cell.passed,
                **{verdict: cell.others.get(verdict, 0) for verdict in _BAD},
            }
            for cell in cells
        }

    def _recall(
        self, cell: Cell, now: float, stale_after_s: float, unseen_after_s: float
    ) -> CheckResult:
        last = cell.last
        if last is None:
            return find_not_yet(cell, now, self._dispatch.offset)
        if last.verdict is CheckVerdict.SKIPPED:
            return last
        if cell.check.frequency is not None:
            unseen_s = now - cell.looked_at
            return last if unseen_s <= unseen_after_s else find_unseen(last, unseen_s)
        if now - last.finished > stale_after_s:
            return find_stale(last, now, stale_after_s)
        return last

    # Who waits for what ---------------------------------------------------------------------

    def _take_off(
        self,
        flight: Flight,
        names: Collection[str] | None,
        tags: Collection[str],
        fresh: bool,
    ) -> Selection:
        """Find out what is known already, and begin or join the runs of the rest.

        Returns:
            What the report is about, whatever becomes of these checks meanwhile.
        """
        selection = self._current_plan().select(names, tags)
        self._dispatch.offset = self._clock.wall() - flight.began
        try:
            self._dispatch.begin_or_join(flight, selection.steps, fresh)
        except BaseException:  # who asked is interrupted
            self._dispatch.take_back(flight)
            raise
        return selection

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
            while not bell.wait(self._dispatch.look(flight)):
                if self._clock.monotonic() >= flight.due:
                    self._dispatch.go_without(flight)
                    return
        except BaseException:  # who asked is interrupted
            self._dispatch.leave(flight)
            raise
        finally:
            if is_lent:
                workers.take_back()

    async def _wait_on_loop(self, flight: Flight, bell: LoopBell) -> None:
        seconds, lent = SPREAD_AFTER_S, self._lend(flight)
        try:
            while not await bell.wait(seconds):
                if self._clock.monotonic() >= flight.due:
                    self._dispatch.go_without(flight)
                    return
                self._places.workers.spread()
                seconds = self._dispatch.look(flight)
        except asyncio.CancelledError:
            await self._wait_for_end(self._dispatch.leave(flight))
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

    # What comes of it -----------------------------------------------------------------------

    def _land(self, flight: Flight, selection: Selection) -> Report:
        now = self._clock.monotonic()
        entries = flight.entries
        results = [
            # Most are there by now, and to ask takes longer than to look.
            (entry if type(entry) is CheckResult else entry.result) or self._find(entry, now)  # type: ignore[union-attr]  # the other one
            for entry in map(entries.__getitem__, selection.shown)
        ]
        if selection.beneath:
            # What is blocked does not count, because what blocks it does: so that must be here.
            beneath = (self._find(entries[cell], now) for cell in selection.beneath)
            results += (result for result in beneath if result.is_bad)
        if flight.inside is not None:
            self._dispatch.ask_no_more(flight)
        return self._report(results, flight.began, now)

    def _report(self, results: Iterable[CheckResult], began: float, now: float) -> Report:
        if self._notes:
            results = [self._noted(result) for result in results]
        problem = self._problem
        if problem is not None:
            results = (*results, find_misconfigured(*problem, now, self._dispatch.offset))
        return Report.of(
            results,
            at=now + self._dispatch.offset,
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
            return find_blocked(entry.cell, self._find(need, now), now, self._dispatch.offset)
        return find_unfinished(entry, now, self._dispatch.offset)

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
        self._dispatch.start_over(self._plan.cells.values())

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


_ALL: Final[weakref.WeakSet[CheckRunner]] = weakref.WeakSet()


def _start_over() -> None:
    for runner in list(_ALL):
        runner._start_over()  # noqa: SLF001 - the same module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
