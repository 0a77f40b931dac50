"""Background: checks are run on a schedule, and whoever asks gets what is known already."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import threading
from collections.abc import Callable, Collection
from typing import Final, final

from allgreen.domain.report import Report
from allgreen.health.running.runner import CheckRunner
from allgreen.health.runs import DEADLINE_S, Runs, Tally

logger = logging.getLogger(__name__)

PERIOD_S: Final = 10.0
JITTER: Final = 0.1
"""Part of a period by which each round comes earlier or later, so that programs that were started
together do not ask what they share at the same moment for ever."""
STOPS_WITHIN_S: Final = 2.0


@final
class Background(Runs):
    """Runs all checks of a runner again and again; reports are snapshots, and cost nothing.

    A result that is older than it may be is a failure, also when it was a good one: somebody must
    notice that nothing is run any more. In a process that was forked off, `start` it again.

    Args:
        runner: Who runs the checks.
        period_s: Seconds from one round to the next, on a grid.
        stale_after_s: For how many seconds a result counts; twice the period by default.
        jitter: For tests; gives numbers from 0 to 1.
    """

    def __init__(
        self,
        runner: CheckRunner,
        *,
        period_s: float = PERIOD_S,
        stale_after_s: float | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not 0 < period_s < float("inf"):
            raise ValueError(f"A period is longer than nothing, and not {period_s!r} s.")
        if stale_after_s is not None and not stale_after_s > 0:  # nor what is no number
            raise ValueError(f"A result counts for some time, and not for {stale_after_s!r} s.")
        self.runner = runner
        self.period_s = period_s
        self.stale_after_s = 2 * period_s if stale_after_s is None else stale_after_s
        self._jitter = jitter
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._task: asyncio.Task[None] | None = None
        self._process = 0

    @property
    def is_running(self) -> bool:
        """Tell whether rounds are made in this process."""
        if self._process != os.getpid():
            return False
        is_threaded = self._thread is not None and self._thread.is_alive()
        return is_threaded or (self._task is not None and not self._task.done())

    def start(self) -> None:
        """Make rounds in a daemon thread; does nothing when they are made already.

        Checks that are coroutines run on an event loop of our own.
        """
        if self.is_running:
            return
        self._process, self._stop = os.getpid(), threading.Event()
        self._thread = threading.Thread(
            target=self._make_rounds, args=(self._stop,), name="allgreen background", daemon=True
        )
        self._thread.start()

    async def start_on_loop(self) -> None:
        """Make rounds on the event loop of the caller, where its clients belong."""
        if not self.is_running:
            self._process = os.getpid()
            self._task = asyncio.create_task(
                self._make_rounds_on_loop(), name="allgreen background"
            )

    def stop(self) -> None:
        """Make no more rounds; waits two seconds at most for the one that is made."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
        thread, self._thread, self._task = self._thread, None, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOPS_WITHIN_S)

    def run(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return what is known; with `fresh`, after the checks were run."""
        if fresh:
            return self.runner.run(names, tags=tags, deadline_s=deadline_s, fresh=True)
        return self._recall(names, tags)

    async def run_async(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        deadline_s: float = DEADLINE_S,
        fresh: bool = False,
    ) -> Report:
        """Return what is known; with `fresh`, after the checks were run."""
        if fresh:
            return await self.runner.run_async(names, tags=tags, deadline_s=deadline_s, fresh=True)
        return self._recall(names, tags)

    def _recall(self, names: Collection[str] | None, tags: Collection[str]) -> Report:
        limit_s = self.stale_after_s
        return self.runner.recall(names, tags=tags, stale_after_s=limit_s, unseen_after_s=limit_s)

    def recall(
        self,
        names: Collection[str] | None = None,
        *,
        tags: Collection[str] = (),
        stale_after_s: float,
    ) -> Report:
        """Return a report of what is known, and run nothing; see `Runs`."""
        return self.runner.recall(names, tags=tags, stale_after_s=stale_after_s)

    def tally(self) -> Tally:
        """Return how many runs of each check ended how; see `Runs`."""
        return self.runner.tally()

    def _make_rounds(self, stop: threading.Event) -> None:
        rounds = _Rounds(self.period_s, self.runner.now(), self._jitter)
        while not stop.is_set():
            try:
                self.runner.run(deadline_s=self.period_s, fresh=True)
            except Exception:  # one round that fails must not be the last
                logger.exception("A round of checks failed")
            stop.wait(rounds.next_in(self.runner.now()))

    async def _make_rounds_on_loop(self) -> None:
        rounds = _Rounds(self.period_s, self.runner.now(), self._jitter)
        while True:
            try:
                await self.runner.run_async(deadline_s=self.period_s, fresh=True)
            except Exception:  # one round that fails must not be the last
                logger.exception("A round of checks failed")
            await asyncio.sleep(rounds.next_in(self.runner.now()))

    def __enter__(self) -> Background:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Background:
        await self.start_on_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        task = self._task
        self.stop()
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task


@final
class _Rounds:
    """When rounds are made: on a grid, each a little earlier or later.

    The next one always comes from the grid, never from "now + period", so that a slow round does
    not push all later ones.
    """

    def __init__(self, period_s: float, now: float, jitter: Callable[[], float]) -> None:
        self._period_s = period_s
        self._began = now
        self._jitter = jitter
        self._count = 0

    def next_in(self, now: float) -> float:
        """Return in how many seconds to make the next round."""
        self._count = max(self._count, int((now - self._began) // self._period_s)) + 1
        shift = (2 * self._jitter() - 1) * JITTER * self._period_s
        return max(0.0, self._began + self._count * self._period_s + shift - now)
