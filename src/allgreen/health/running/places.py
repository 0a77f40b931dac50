"""Places: where checks are run: in threads, on the event loop of the program, on one of our own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, final
from weakref import WeakMethod

from allgreen.health.running.execution import Execution
from allgreen.health.running.loops import Crew, LoopThread, Lose, RunOnLoop
from allgreen.health.running.watchdog import Watchdog, Watched
from allgreen.health.running.workers import Workers

Move = Callable[[Execution], None]


@final
class Places:
    """Begins runs where they belong, and counts no more on those that take too long.

    Safe in threads.

    Args:
        most: How many run at once in threads, and as many on each event loop.
        work: What is run in threads.
        run_on_loop: What is run on event loops.
        lose: Is told of what could not be run on an event loop, and why.
        move: Is told of what is to be begun anew, because its event loop is blocked.
    """

    def __init__(
        self,
        most: int,
        work: Callable[[Execution], None],
        run_on_loop: RunOnLoop,
        lose: Lose,
        move: Move,
    ) -> None:
        self._most = most
        self._run_on_loop = run_on_loop
        self._lose = lose
        self._move = move
        self.workers = Workers(work, most)
        self._inherited: list[object] = []
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        # Its thread must not keep alive what nobody uses any more.
        leave = WeakMethod(self._leave_loop)
        self._watchdog = Watchdog(lambda crew, culprit: _call(leave(), crew, culprit))
        self._crews: dict[asyncio.AbstractEventLoop, Crew] = {}
        self._own: LoopThread | None = None

    def start_over(self, unfinished: Sequence[Execution]) -> None:
        """Forget loops and watchdog, which do not live on in the child of a fork.

        Args:
            unfinished: Runs of the parent. They are kept, because what a coroutine does when it is
                thrown away may reach the connections of the parent.
        """
        self._inherited.append((unfinished, self._crews, self._own, self._watchdog))
        self._begin_anew()

    def close(self) -> None:
        """End our loop and the watchdog, when nobody needs them any more."""
        self._watchdog.close()
        if self._own is not None:
            self._own.stop()

    @property
    def left_behind(self) -> int:
        """Return how many threads and coroutines have not ended, and nobody counts on them."""
        return self.workers.given_up + sum(crew.stuck for crew in self._crews.values())

    def begin_in_threads(self, executions: Sequence[Execution]) -> Sequence[Execution]:
        """Run in threads what is no coroutine.

        Returns:
            What is not run: no thread can be started.
        """
        return self.workers.submit(executions)

    def begin_here(self, executions: Sequence[Execution]) -> None:
        """Run coroutines on the event loop that runs in this thread, which is their home."""
        home = executions[0].cause.home
        assert home is not None, "who has no home has no event loop here"
        self._crew(home).submit(executions)

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have a coroutine run, or what a thread came upon awaited, on its event loop.

        Raises:
            RuntimeError: Its loop is closed, or none of our own can be had.
        """
        loop = execution.cause.home or self._own_loop()
        self._crew(loop).hand_over(execution, value)

    def abandon(self, execution: Execution) -> None:
        """Count no more on a run that takes too long, and end it if that can be done."""
        if execution.worker is not None:
            self.workers.give_up(execution.worker, execution)
        if execution.crew is not None:
            execution.crew.abandon(execution)

    def release(self, execution: Execution) -> None:
        """Count no more on a run that has outlived a report, and let it go on."""
        if execution.worker is not None:
            self.workers.give_up(execution.worker, execution)
        if execution.crew is not None:
            execution.crew.release(execution)

    def _leave_loop(self, crew: Watched, culprit: Execution | None) -> None:
        """Leave a loop of our own to the check that blocks it, and let others go on elsewhere."""
        own = self._own
        if own is None or not isinstance(crew, Crew) or crew.loop is not own.loop:
            return
        stranded = [one for one in (*crew.running,) if one is not culprit]
        try:
            self._own = LoopThread()
            crew.leave_to(self._crew(self._own.loop))
        except (RuntimeError, OSError):  # there is no other place to go on
            return
        for execution in stranded:
            # Nobody can say which of them blocks it, if it was none of those that are known.
            if culprit is not None or not execution.was_moved:
                self._move(execution)

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        own = self._own
        if own is not None and own.is_alive:
            return own.loop
        try:
            made = LoopThread()  # without the lock, as others may go on while its thread is started
        except OSError as error:
            raise RuntimeError(f"There is no event loop: {error}") from error
        with self._lock:
            own = self._own
            if own is None or not own.is_alive:
                self._own = own = made
        if own is not made:
            made.stop()
        return own.loop

    def _crew(self, loop: asyncio.AbstractEventLoop) -> Crew:
        crew = self._crews.get(loop)
        if crew is not None:
            return crew
        with self._lock:
            # Replaced as a whole, because others read it without the lock.
            kept = {one: crew for one, crew in self._crews.items() if not one.is_closed()}
            crew = kept.get(loop) or Crew(
                loop, self._most, self._run_on_loop, self._lose, self._watchdog
            )
            self._crews = {**kept, loop: crew}
            return crew


def _call(
    leave: Callable[[Watched, Execution | None], None] | None,
    crew: Watched,
    culprit: Execution | None,
) -> None:
    if leave is not None:
        leave(crew, culprit)
