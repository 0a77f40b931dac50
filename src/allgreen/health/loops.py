"""Crews: checks that are coroutines, run on an event loop, a bounded number of them at once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, final

from allgreen.health.execution import Execution
from allgreen.health.watchdog import Watchdog

RunOnLoop = Callable[[Execution, Awaitable[Any] | None], Coroutine[Any, Any, None]]


@final
class Crew:
    """Runs executions as tasks of one event loop.

    A task for each, so that a check that uses `asyncio.timeout` or `asyncio.current_task` finds
    itself, and not the others.

    Attributes:
        loop: Where they run.
        running: Those that have begun and not ended; changed on the loop only.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        most: int,
        run: RunOnLoop,
        watchdog: Watchdog,
    ) -> None:
        self.loop = loop
        self.running: set[Execution] = set()
        self._most = most
        self._run = run
        self._watchdog = watchdog
        self._waiting: deque[tuple[Execution, Awaitable[Any] | None]] = deque()
        self._busy = 0
        self._is_left = False

    def submit(self, executions: Iterable[Execution]) -> None:
        """Have executions run; on the loop itself only."""
        self._waiting.extend((execution, None) for execution in executions)
        self._begin()

    def hand_over(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        """Have one run that was begun in another thread.

        Raises:
            RuntimeError: The loop is closed.
        """
        self.loop.call_soon_threadsafe(self._take, execution, value)

    def ask(self, answer: Callable[[], None]) -> None:
        """Have the loop call back as soon as it turns.

        Raises:
            RuntimeError: The loop is closed.
        """
        self.loop.call_soon_threadsafe(answer)

    def leave_to(self, other: Crew) -> None:
        """Give to others what has not begun, and end the loop with what has; it is blocked."""
        self._is_left = True
        while True:
            try:
                execution, value = self._waiting.popleft()
            except IndexError:
                break
            other.hand_over(execution, value)
        self.loop.call_soon_threadsafe(self._end_if_idle)

    def abandon(self, execution: Execution) -> None:
        """End one that took too long, if it lets itself be ended; count on it no more."""
        try:
            self.loop.call_soon_threadsafe(self._cancel, execution)
        except RuntimeError:  # the loop is closed, and everything on it has ended
            return

    def _take(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        self._waiting.append((execution, value))
        self._begin()

    def _begin(self) -> None:
        while self._waiting and self._busy < self._most:
            execution, value = self._waiting.popleft()
            self._busy += 1
            self.running.add(execution)
            execution.crew = self
            execution.task = self.loop.create_task(
                self._live(execution, value), context=execution.cause.context.copy()
            )
        if self.running:
            self._watchdog.watch(self)

    async def _live(self, execution: Execution, value: Awaitable[Any] | None) -> None:
        try:
            await self._run(execution, value)
        finally:
            self._leave(execution)

    def _cancel(self, execution: Execution) -> None:
        if execution.task is not None and not execution.task.done():
            execution.task.cancel()
        # It may swallow that, and others must not wait for it.
        self._leave(execution)

    def _leave(self, execution: Execution) -> None:
        if execution in self.running:
            self.running.discard(execution)
            self._busy -= 1
            self._begin()
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._is_left and not self.running:
            self.loop.stop()


@final
class LoopThread:
    """An event loop of our own in a daemon thread, for programs that have none."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="allgreen loop", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Tell whether it turns, or at least could."""
        return self._thread.is_alive()

    def _live(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()
