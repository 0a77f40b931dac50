"""Places: where checks are run: in threads, on the event loop of the program, on one of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, final

from allgreen.health.execution import Execution
from allgreen.health.loops import Crew, LoopThread, RunOnLoop
from allgreen.health.watchdog import Watchdog
from allgreen.health.workers import Workers


@final
class Places:
    """Begins runs where they belong, and counts no more on those that take too long.

    Args:
        most: How many run at once in threads, and as many on each event loop.
        work: What is run in threads.
        run_on_loop: What is run on event loops.
    """

    def __init__(
        self, most: int, work: Callable[[Execution], None], run_on_loop: RunOnLoop
    ) -> None:
        self._most = most
        self._run_on_loop = run_on_loop
        self.workers = Workers(work, most)
        self.start_over()

    def start_over(self) -> None:
        """Forget loops and watchdog, which do not live on in the child of a fork."""
        self._watchdog = Watchdog()
        self._crews: dict[asyncio.AbstractEventLoop, Crew] = {}
        self._own: LoopThread | None = None

    def begin_in_threads(self, executions: Sequence[Execution]) -> None:
        """Run in threads what is no coroutine.

        Raises:
            RuntimeError: No thread can be started.
        """
        self.workers.submit(executions)

    def begin_on_loop(self, executions: Sequence[Execution]) -> None:
        """Run coroutines; when they have a home it is the loop that runs in this thread."""
        home = executions[0].cause.home
        if home is None:
            for execution in executions:
                self.hand_over(execution, None)
        else:
            self._crew(home).submit(executions)

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Await on its event loop what a thread came upon.

        Raises:
            RuntimeError: Its loop is closed.
        """
        loop = execution.cause.home or self._own_loop()
        self._crew(loop).hand_over(execution, value)

    def abandon(self, execution: Execution) -> None:
        """Count no more on a run that takes too long, and end it if that can be done."""
        if execution.worker is not None:
            self.workers.give_up(execution.worker, execution)
        if execution.crew is not None:
            self._leave_loop_if_blocked(execution)
            execution.crew.abandon(execution)

    def _leave_loop_if_blocked(self, execution: Execution) -> None:
        """Leave a loop of our own that is blocked to the one who blocks it."""
        own = self._own
        crew = None if own is None else self._crews.get(own.loop)
        if crew is not None and crew is execution.crew and getattr(execution.coroutine, "cr_running", False):
            self._own = None
            crew.leave_to(self._crew(self._own_loop()))

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        if self._own is None or not self._own.is_alive:
            self._own = LoopThread()
        return self._own.loop

    def _crew(self, loop: asyncio.AbstractEventLoop) -> Crew:
        crew = self._crews.get(loop)
        if crew is None:
            self._crews = {one: kept for one, kept in self._crews.items() if not one.is_closed()}
            crew = self._crews.setdefault(
                loop, Crew(loop, self._most, self._run_on_loop, self._watchdog)
            )
        return crew
